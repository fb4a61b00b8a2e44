/**
 * How far S0's first step in float32 is from float64, branch by branch and folded: the features, whose error grows smoothly
 * through the network, and the gradient, where a few ReLUs whose input is within rounding of 0 decide (one is worth 1-3 %).
 */

import { globalAvgPool, randn, setBackend, tensor } from "../../src/index.js";
import { createModel, type TrainingForm } from "../../src/models/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { afterwards, describeMachine } from "../measure/machine.js";
import { integers } from "../options.js";
import { saveHalf } from "../report/folded-page.js";
import { defineStudy } from "../study.js";

const BATCH = 8;
const SIZE = 224;
const CLASSES = 1000;

export interface AccuracyRow {
  readonly seed: number;
  readonly batch: number;
  readonly plain: Errors;
  readonly folded: Errors;
}
/** |value − float64 value| / |float64 value|. */
export interface Errors {
  /** Of all parameters together. */
  readonly gradient: number;
  /** The last block's output. */
  readonly features: number;
}
interface Step {
  readonly gradients: readonly Float64Array[];
  readonly features: Float64Array;
}

/** One step. Both dtypes start from the same float32 weights and images. */
async function step(backend: "reference" | "wasm", training: TrainingForm, seed: number): Promise<Step> {
  await setBackend(backend, backend === "wasm" ? { threads: 2 } : {});
  const dtype = backend === "wasm" ? "float32" : "float64";
  const shape = [BATCH, SIZE, SIZE, 3];
  const images = tensor(randn(shape, { seed: 100 + seed }).dataSync(), shape, { dtype });
  const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => (i * 137) % CLASSES));
  const weights = createModel("mobileone_s0", { seed }).stateDict();
  const model = createModel("mobileone_s0", { init: "zeros", dtype, training });
  for (const [name, entry] of model.stateDict()) entry.write(weights.get(name)!.dataSync());
  const features = model.features(images).keep();
  const logits = model.classifier.forward(globalAvgPool(features));
  crossEntropy(logits, labels, { labelSmoothing: 0.1 }).backward();
  const gradients = [...model.namedParameters().values()].map((p) => Float64Array.from(p.tensor.grad!.dataSync()));
  return { gradients, features: Float64Array.from(features.dataSync()) };
}

function distance(actual: readonly Float64Array[], expected: readonly Float64Array[]): number {
  let difference = 0;
  let norm = 0;
  expected.forEach((values, p) => {
    values.forEach((value, i) => {
      difference += (actual[p]![i]! - value) ** 2;
      norm += value ** 2;
    });
  });
  return Math.sqrt(difference / norm);
}

/** Takes minutes: a float64 step is 26 GMAC on the reference backend. */
async function measureAccuracy(seed: number): Promise<AccuracyRow> {
  const truth = await step("reference", "plain", seed);
  const errors = async (form: TrainingForm): Promise<Errors> => {
    const { gradients, features } = await step("wasm", form, seed);
    return {
      gradient: distance(gradients, truth.gradients),
      features: distance([features], [truth.features]),
    };
  };
  return { seed, batch: BATCH, plain: await errors("plain"), folded: await errors("folded") };
}

const DEFAULT_SEEDS = [0];

export const study = defineStudy({
  name: "folded-accuracy",
  help: "the first float32 step of S0, folded and branch by branch, against float64; minutes a seed",
  options: { seeds: integers({ help: `seeds to measure; default: ${DEFAULT_SEEDS}`, min: 0 }) },
  examples: ["folded-accuracy --seeds 0,1"],
  async run({ seeds }, _, tell) {
    const machine = describeMachine();
    const rows: AccuracyRow[] = [];
    for (const seed of seeds ?? DEFAULT_SEEDS) rows.push(await measureAccuracy(seed));
    tell(saveHalf({ accuracy: { machine: afterwards(machine), rows } }));
  },
});
