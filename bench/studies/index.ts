/** Every study by name. A new one is a file here and a line; what is not asked for is not loaded. */
import type { OptionTable } from "../../src/cli/options.js";
import type { Study } from "../study.js";

interface StudyModule {
  readonly study: Pick<Study, "name" | "help"> & { readonly options: OptionTable };
}

const modules = {
  usual: () => import("./usual.js"),
  kernels: () => import("./kernels.js"),
  step: () => import("./step.js"),
  op: () => import("./op.js"),
  coverage: () => import("./coverage.js"),
  "onnx-cases": () => import("./onnx-cases.js"),
  "torch-cases": () => import("./torch-cases.js"),
  against: () => import("./against.js"),
  "step-pairs": () => import("./step-pairs.js"),
  "same-run": () => import("./same-run.js"),
  compare: () => import("./compare.js"),
  ports: () => import("./ports.js"),
  gpu: () => import("./gpu.js"),
  "gpu-roofline": () => import("./gpu-roofline.js"),
  turbo: () => import("./turbo.js"),
  tab: () => import("./tab.js"),
  run: () => import("./run.js"),
  "javascript-share": () => import("./javascript-share.js"),
  scaling: () => import("./scaling.js"),
  decoders: () => import("./decoders.js"),
  "folded-speed": () => import("./folded-speed.js"),
  "folded-accuracy": () => import("./folded-accuracy.js"),
  agreement: () => import("./agreement.js"),
  "average-rules": () => import("./average-rules.js"),
  "demo-seeds": () => import("./demo-seeds.js"),
  "own-pictures": () => import("./own-pictures.js"),
  finetune: () => import("./finetune.js"),
  "frozen-stages": () => import("./frozen-stages.js"),
  "all-reduce": () => import("./all-reduce.js"),
  serve: () => import("./serve.js"),
  studio: () => import("./studio.js"),
  wire: () => import("./wire.js"),
  distributed: () => import("./distributed.js"),
} as const satisfies { readonly [name: string]: () => Promise<StudyModule> };

export type StudyName = keyof typeof modules;
export const studyNames = Object.keys(modules) as StudyName[];

/** Loads a study; its options were typed where it was defined. */
export const loadStudy = async (name: StudyName): Promise<Study> => (await modules[name]()).study as unknown as Study;
