/**
 * How far the first float32 gradient of S0 (224 px, batch 8) is from PyTorch's float64 one: ours in both forms of training,
 * and PyTorch's own with one and two threads, from the same weights and images. A few seconds a seed.
 */
import { join } from "node:path";
import { randn, setBackend, tensor } from "../../src/index.js";
import { toFileEntries } from "../../src/models/files/index.js";
import { createModel, type TrainingForm } from "../../src/models/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { afterwards, describeMachine, type Machine, machineLine } from "../measure/machine.js";
import { seedsOption } from "../options.js";
import { resultsFolder } from "../paths.js";
import { earlierRows, savePage } from "../report/results.js";
import { defineStudy } from "../study.js";
import { TorchWork } from "../work/torch-work.js";

const [MODEL, BATCH, SIZE, CLASSES] = ["mobileone_s0", 8, 224, 1000];
const DEFAULT_SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];

const columns = ["plain", "folded", "torch1", "torch2"] as const;
/** |gradient − float64 gradient| / |float64 gradient|, of all parameters together. */
type Errors = { readonly [C in (typeof columns)[number]]: number };
type Row = { readonly seed: number } & Errors;

function distance(actual: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  let difference = 0;
  let norm = 0;
  expected.forEach((values, p) => {
    for (let i = 0; i < values.length; i++) {
      difference += (actual[p]![i]! - values[i]!) ** 2;
      norm += values[i]! ** 2;
    }
  });
  return Math.sqrt(difference / norm);
}

/** [N, H, W, 3] -> [N, 3, H, W]. */
function channelsFirst(pixels: Float32Array): Float32Array {
  const area = SIZE * SIZE;
  return pixels.map((_, i) => {
    const [n, c, at] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    return pixels[(n * area + at) * 3 + c]!;
  });
}

async function ourGradients(training: TrainingForm, seed: number, images: Float32Array, labels: Int32Array) {
  const model = createModel(MODEL, { seed, training, numClasses: CLASSES });
  const logits = model.forward(tensor(images, [BATCH, SIZE, SIZE, 3]));
  crossEntropy(logits, tensor(labels), { labelSmoothing: 0.1 }).backward();
  const gradients = new Map([...model.namedParameters()].map(([name, p]) => [name, p.tensor.grad!]));
  const entries = [...(await toFileEntries(model, gradients)).values()].map(({ values }) => values);
  model.dispose();
  return entries;
}

async function measure(work: TorchWork, seed: number): Promise<Row> {
  const images = randn([BATCH, SIZE, SIZE, 3], { seed: 100 + seed }).dataSync() as Float32Array;
  const labels = Int32Array.from({ length: BATCH }, (_, i) => (i * 137) % CLASSES);
  const model = createModel(MODEL, { seed, numClasses: CLASSES });
  const parameters = [...model.namedParameters().keys()];
  work.write("weights", await toFileEntries(model));
  model.dispose();
  work.write(
    "batch",
    new Map([
      ["images", { shape: [BATCH, 3, SIZE, SIZE], values: channelsFirst(images) }],
      ["labels", { shape: [BATCH], values: labels }],
    ]),
  );
  work.run("gradients", { model: MODEL, classes: CLASSES, parameters });
  const theirs = (name: string) => {
    const found = work.read(name);
    return parameters.map((_, i) => found.get(String(i))!.values);
  };
  const truth = theirs("float64");
  return {
    seed,
    plain: distance(await ourGradients("plain", seed, images, labels), truth),
    folded: distance(await ourGradients("folded", seed, images, labels), truth),
    torch1: distance(theirs("float32-1"), truth),
    torch2: distance(theirs("float32-2"), truth),
  };
}

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

function pageOf(rows: readonly Row[], overall: Errors, ratios: Pick<Errors, "plain" | "folded">, line: string): string {
  return `# Agreement with PyTorch: the first gradient of S0 in float32

224 px, batch ${BATCH}, our published start from each seed, against PyTorch's float64 gradient: |difference| / |gradient| over all
parameters. S0 is ill-conditioned at its start: a ReLU whose input is within rounding of 0 and falls on the other side is worth
1 to 3 %, so single seeds scatter, PyTorch's own with another number of threads as well. ${line}.

| seed | ours, plain | ours, folded | PyTorch, 1 thread | PyTorch, 2 threads |
|---|---|---|---|---|
${rows.map((row) => `| ${row.seed} | ${columns.map((column) => percent(row[column])).join(" | ")} |`).join("\n")}
| root mean square | ${columns.map((column) => percent(overall[column])).join(" | ")} |

Of PyTorch's own error: plain ${ratios.plain.toFixed(2)} times, folded ${ratios.folded.toFixed(2)} times.
`;
}

/** Saves what is known so far: a long run that is cut short leaves its finished seeds. */
function save(rows: readonly Row[], machine: Machine): string {
  const overall = Object.fromEntries(
    columns.map((column) => [column, rootMeanSquare(rows.map((row) => row[column]))]),
  ) as unknown as Errors;
  const torch = rootMeanSquare([overall.torch1, overall.torch2]);
  const ratios = { plain: overall.plain / torch, folded: overall.folded / torch };
  const measured = afterwards(machine);
  const page = pageOf(rows, overall, ratios, machineLine(measured));
  savePage(study.name, { machine: measured, rows, overall, ratios }, page);
  return page;
}

export const study = defineStudy({
  name: "agreement",
  help: "the first gradient of S0 in float32 against PyTorch's in float64, ours and PyTorch's own; seconds a seed",
  options: { seeds: seedsOption(DEFAULT_SEEDS) },
  examples: ["agreement --seeds 0,1"],
  async run(values, _, tell) {
    const seeds = values.seeds ?? DEFAULT_SEEDS;
    const machine = describeMachine();
    const work = new TorchWork();
    try {
      await setBackend("wasm", { threads: 2 });
      const rows = earlierRows<Row>(join(resultsFolder, `${study.name}.json`), seeds);
      for (const seed of seeds) {
        rows.push(await measure(work, seed));
        rows.sort((a, b) => a.seed - b.seed);
        tell(save(rows, machine));
      }
    } finally {
      work.dispose();
    }
  },
});
