/** Compiled training steps of both forms, by turns, so that what disturbs one disturbs the other. */
import { compile, getBackend, randn, setBackend, type Tensor, tensor } from "../../src/index.js";
import { createModel, type TrainingChoice } from "../../src/models/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { SGD, splitNormParameters } from "../../src/optim/index.js";
import { afterwards, describeMachine } from "../measure/machine.js";
import { saveHalf } from "../report/folded-page.js";
import { defineStudy } from "../study.js";

const SIZE = 224;
const CLASSES = 1000;
/** The first call runs, the second records, the third still warms up. */
const WARM_UP = 3;
const STEPS = 7;

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Of the compiled step: activations, gradients and scratch. */
  readonly temporaryBytes: number;
}
export interface SpeedRow {
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
  readonly form: TrainingChoice;
  readonly plain: Timing;
  readonly other: Timing;
}

function makeStep(name: string, training: TrainingChoice) {
  const model = createModel(name, { training });
  const optimizer = new SGD(splitNormParameters(model), { lr: 1e-4, momentum: 0.9, weightDecay: 1e-4 });
  return compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
}

const timing = (samples: readonly number[], temporaryBytes: number): Timing => {
  const sorted = [...samples].sort((a, b) => a - b);
  return { medianMs: sorted[sorted.length >> 1]!, minMs: sorted[0]!, maxMs: sorted.at(-1)!, temporaryBytes };
};

async function measure(name: string, batch: number, threads: number, form: TrainingChoice): Promise<SpeedRow> {
  await setBackend("wasm", { threads });
  const images = randn([batch, SIZE, SIZE, 3], { seed: 1 });
  const labels = tensor(Int32Array.from({ length: batch }, (_, i) => (i * 37) % CLASSES));
  const steps = (["plain", form] as const).map((one) => makeStep(name, one));
  const samples: [number[], number[]] = [[], []];
  for (let i = 0; i < WARM_UP + STEPS; i++)
    steps.forEach((step, which) => {
      const start = performance.now();
      const loss = step(images, labels);
      loss.item();
      if (i >= WARM_UP) samples[which]!.push(performance.now() - start);
      loss.dispose();
    });
  const [plain, other] = steps.map((step, which) => timing(samples[which]!, step.temporaryBytes));
  for (const step of steps) step.dispose();
  const backend = getBackend();
  await backend.dispose?.();
  console.error(
    `${name} threads ${threads}: plain ${plain!.medianMs.toFixed(0)} ms, ${form} ${other!.medianMs.toFixed(0)} ms`,
  );
  return { model: name, batch, threads, form, plain: plain!, other: other! };
}

/** S0 folded on one and two threads; the cost rule's choice for S0 and for models with one branch. */
const measured = [
  ["mobileone_s0", 32, 2, "folded"],
  ["mobileone_s0", 32, 1, "folded"],
  ["mobileone_s1", 16, 2, "folded"],
  ["mobileone_s1", 16, 2, "auto"],
  ["mobileone_s4", 8, 2, "folded"],
  ["mobileone_s4", 8, 2, "auto"],
] as const;

export const study = defineStudy({
  name: "folded-speed",
  help: "training steps folded and branch by branch, by turns: S0, S1 and S4 at 224 px; minutes",
  options: {},
  examples: ["folded-speed"],
  async run(_, __, tell) {
    const machine = describeMachine();
    const rows: SpeedRow[] = [];
    for (const [model, batch, threads, form] of measured) rows.push(await measure(model, batch, threads, form));
    tell(saveHalf({ speed: { machine: afterwards(machine), rows } }));
  },
});
