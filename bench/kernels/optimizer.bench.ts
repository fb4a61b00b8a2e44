/** One optimiser step and one moving average over all parameters of S0. */
import { models, optim } from "../../src/index.js";
import { type Case, operand } from "../measure/case.js";

const MODEL = "mobileone_s0";
const FLOAT_BYTES = 4;

const { parameters, bufferElements } = models.summarize(MODEL).totals.train;

export const optimizer: readonly Case[] = [
  {
    group: "optimizer",
    name: "SGD over S0",
    // reads parameter, velocity, gradient; writes the first two
    work: { bytes: 5 * FLOAT_BYTES * parameters, footprintBytes: 3 * FLOAT_BYTES * parameters },
    perStep: 1,
    prepare: () => {
      const model = models.createModel(MODEL, { init: "zeros" });
      const sgd = new optim.SGD(model.namedParameters(), { lr: 1e-3, momentum: 0.9, weightDecay: 1e-4 });
      for (const { tensor } of model.namedParameters().values()) tensor.grad = operand(tensor.shape);
      return {
        run: () => sgd.step(),
        dispose: () => {
          sgd.zeroGrad();
          sgd.dispose();
          model.dispose();
        },
      };
    },
  },
  {
    group: "optimizer",
    name: "moving average of S0",
    work: {
      bytes: 3 * FLOAT_BYTES * (parameters + bufferElements),
      footprintBytes: 2 * FLOAT_BYTES * (parameters + bufferElements),
    },
    perStep: 1,
    prepare: () => {
      const model = models.createModel(MODEL);
      const ema = new optim.Ema(model);
      return {
        run: () => ema.update(),
        dispose: () => {
          ema.dispose();
          model.dispose();
        },
      };
    },
  },
];
