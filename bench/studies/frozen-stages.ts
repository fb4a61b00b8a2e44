/**
 * What a training step costs where the first stages stay as they are: one session for each number of frozen stages, steps by turns,
 * medians. Minutes.
 */

import { choice, integer } from "../../src/cli/options.js";
import { setBackend } from "../../src/index.js";
import { createModel, listModels, type ModelName } from "../../src/models/index.js";
import type { Transfer } from "../../src/models/recipe.js";
import { BatchNorm2d } from "../../src/nn/index.js";
import { finetuneRecipe } from "../../src/train/recipes/finetune.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { batchOption, imageSizeOption } from "../options.js";
import { savePage } from "../report/results.js";
import { defineStudy } from "../study.js";

const CLASSES = 5;
/** Of batch norms, and a learning rate that leaves the weights about where they are. */
const SCALE = 0.3;
const LR = 1e-6;
const settings: readonly (readonly [frozen: string, transfer: Transfer])[] = [
  ["none", {}],
  ["0, the stem", { frozenStages: 0 }],
  ["1", { frozenStages: 1 }],
  ["2", { frozenStages: 2 }],
  ["3", { frozenStages: 3 }],
  ["4, all but the head", { frozenStages: 4 }],
  ["none, --norm-eval", { normEval: true }],
];

/** Milliseconds, lowest first. */
interface Row {
  readonly frozen: string;
  readonly stepMs: readonly number[];
}

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;

function batchOf(size: number, side: number) {
  const images = Uint8Array.from({ length: size * side * side * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
  const labels = Int32Array.from({ length: size }, (_, i) => i % CLASSES);
  return {
    ...{ images, labels, indices: new Uint32Array(size), size, height: side, width: side, dataWaitMs: 0 },
    ...{ next: { epoch: 0, position: 0 }, release: () => {} },
  };
}

function asMarkdown(rows: readonly Row[], what: string, line: string): string {
  const all = median(rows[0]!.stepMs);
  const lines = rows.map(({ frozen, stepMs }) => {
    const middle = median(stepMs);
    return `| ${frozen} | ${middle.toFixed(0)} | ${stepMs[0]!.toFixed(0)} | ${(middle / all).toFixed(2)} |`;
  });
  return `# Steps with frozen stages

${what}, one thread, whole training steps by turns. ${line}.

| frozen stages | step, median ms | least ms | share of the first line's |
|---|---|---|---|
${lines.join("\n")}
`;
}

export const study = defineStudy({
  name: "frozen-stages",
  help: "training steps by the number of frozen stages, by turns; minutes",
  options: {
    model: choice<ModelName>(listModels(), { help: "whose steps", default: "mobileone_s0" }),
    imageSize: imageSizeOption,
    batch: batchOption,
    rounds: integer({ help: "steps of each", default: 7 }),
  },
  examples: ["frozen-stages --rounds 3", "frozen-stages --model resnet18 --image-size 64 --batch 8"],
  async run(values, _, tell) {
    const { model: name, rounds, imageSize = 128, batch = 16 } = values;
    const machine = describeMachine();
    await setBackend("wasm", { threads: 1 });
    const recipe = finetuneRecipe(name, { pictures: 100 });
    const pictures = batchOf(batch, imageSize);
    const players = settings.map(([frozen, transfer]) => {
      const model = createModel(name, { numClasses: CLASSES });
      // running statistics of no training normalise nothing: activations would grow from block to block
      for (const module of model.namedModules().values())
        if (module instanceof BatchNorm2d) module.weight.write(new Float32Array(module.weight.size).fill(SCALE));
      const session = new Session({ ...recipe, transfer, optimizer: { ...recipe.optimizer, lr: LR } }, model, 10);
      return { frozen, update: new WholeUpdate(session), stepMs: [] as number[] };
    });
    // the first records, and its kernels are compiled
    for (const { update } of players) update.run(pictures);
    for (let round = 0; round < rounds; round++)
      for (const { update, stepMs } of players) {
        const start = performance.now();
        update.run(pictures);
        stepMs.push(performance.now() - start);
      }
    const rows = players.map(({ frozen, stepMs }) => ({ frozen, stepMs: stepMs.sort((a, b) => a - b) }));
    const measured = afterwards(machine);
    const page = asMarkdown(rows, `${name}, ${imageSize} px, batches of ${batch}`, machineLine(measured));
    savePage(study.name, { machine: measured, model: name, imageSize, batch, rows }, page);
    tell(page);
  },
});
