/** One optimiser step and one moving average over all parameters of S0. */
import { models, optim, scope } from "../../src/index.js";
import { type Case, operand } from "../measure/case.js";

const MODEL = "mobileone_s0";
const FLOAT_BYTES = 4;

const { parameters, bufferElements } = models.summarize(MODEL).totals.train;

type Maker = (of: optim.OptimizedParameters) => optim.Optimizer;

/** A step over all parameters; each slot is read and written, as the parameter is, the gradient read. */
const stepOf = (name: string, slots: number, make: Maker): Case => ({
  group: "optimizer",
  name: `${name} over S0`,
  work: { bytes: (2 * slots + 3) * FLOAT_BYTES * parameters, footprintBytes: (slots + 2) * FLOAT_BYTES * parameters },
  perStep: 1,
  prepare: () => {
    const model = models.createModel(MODEL, { init: "zeros" });
    const own = make(model.namedParameters());
    for (const { tensor } of model.namedParameters().values()) tensor.grad = operand(tensor.shape);
    return {
      run: () => own.step(),
      dispose: () => {
        own.zeroGrad();
        own.dispose();
        model.dispose();
      },
    };
  },
});

const rates = { lr: 1e-3, weightDecay: 1e-4 };

export const optimizer: readonly Case[] = [
  stepOf("SGD", 1, (of) => new optim.SGD(of, { ...rates, momentum: 0.9 })),
  stepOf("AdamW", 2, (of) => new optim.AdamW(of, rates)),
  stepOf("AdamW with amsgrad", 3, (of) => new optim.AdamW(of, { ...rates, amsgrad: true })),
  {
    group: "optimizer",
    name: "gradient norm of S0, clipped",
    // reads every gradient twice; the product, in memory of its own, is written, read and moved back
    work: { bytes: 5 * FLOAT_BYTES * parameters, footprintBytes: FLOAT_BYTES * parameters },
    perStep: 1,
    prepare: () => {
      const model = models.createModel(MODEL, { init: "zeros" });
      for (const { tensor } of model.namedParameters().values()) tensor.grad = operand(tensor.shape);
      return {
        run: () => scope(() => void optim.clipGradNorm(model.namedParameters(), 1e6)),
        dispose: () => {
          for (const { tensor } of model.namedParameters().values()) tensor.grad?.dispose();
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
