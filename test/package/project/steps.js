/** Ten training steps of a three-layer network on random pictures, by the public names alone: what each user's program is. */
import { compile, nn, optim, randn, setBackend, tensor } from "tensorone";

const [BATCH, SIDE, CLASSES, STEPS] = [16, 16, 4, 10];

/** The loss of each step, and what really ran. */
export async function steps(name, options) {
  const backend = await setBackend(name, options);
  nn.manualSeed(1);
  const model = new nn.Sequential(
    new nn.Conv2d(3, 16, { kernelSize: 3, stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.Conv2d(16, 32, { kernelSize: 3, stride: 2, padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(32, 32, { kernelSize: 1 }),
    new nn.GlobalAvgPool(),
    new nn.Linear(32, CLASSES),
  );
  const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 });
  const images = randn([BATCH, SIDE, SIDE, 3], { seed: 5 });
  const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES));
  const step = compile((x, y) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
  const losses = [];
  for (let i = 0; i < STEPS; i++) losses.push((await step(images, labels).data())[0]);
  const answer = { backend: backend.label ?? backend.name, threads: backend.threads ?? 1, losses };
  await backend.dispose?.();
  return answer;
}
