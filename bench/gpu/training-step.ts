/** S0's update as a training run does it, from pixels to averages, op by op or replayed, with a learning rate that changes. */
import { compile, models, nn, optim, randn, type Tensor, tensor } from "../../src/index.js";

export interface TrainingStep {
  /** Loss. */
  readonly plain: () => Tensor;
  readonly replayed: () => Tensor;
  dispose(): void;
}

/** Forward, backward, SGD with momentum and averages, for `compile` to record or to run as it is. */
export function updateOf(model: models.MobileOne, lr: number) {
  const optimizer = new optim.SGD(optim.splitNormParameters(model), { lr, momentum: 0.9, weightDecay: 1e-4 });
  const ema = new optim.Ema(model);
  const update = (x: Tensor, y: Tensor): Tensor => {
    const loss = nn.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
    return loss;
  };
  return { optimizer, update };
}

export function trainingStep(of: {
  readonly batch: number;
  readonly imageSize: number;
  readonly numClasses: number;
}): TrainingStep {
  const { batch, imageSize, numClasses } = of;
  const model = models.createModel("mobileone_s0", { numClasses, seed: 0, training: "auto" });
  const { optimizer, update } = updateOf(model, 1e-4);
  const images = randn([batch, imageSize, imageSize, 3], { seed: 3 });
  const labels = tensor(Int32Array.from({ length: batch }, (_, i) => i % numClasses));
  const compiled = compile(update);
  const anneal = (): void => {
    for (const group of optimizer.groups) group.lr *= 0.999;
  };
  return {
    plain: () => {
      anneal();
      return update(images, labels);
    },
    replayed: () => {
      anneal();
      return compiled(images, labels);
    },
    dispose() {
      compiled.dispose();
      for (const one of [images, labels]) one.dispose();
    },
  };
}
