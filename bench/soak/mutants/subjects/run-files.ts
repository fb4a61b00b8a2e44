/** What lies in a run folder, and configs: JSON of checkpoints, their tensors, run.json, machine.json, log.jsonl, recipes. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { gatherRun } from "../../../../src/report/facts/gather.js";
import { readLog } from "../../../../src/report/facts/log.js";
import { readCheckpoint, readCheckpointFile } from "../../../../src/train/checkpoints/checkpoint-format.js";
import { JsonlLogger } from "../../../../src/train/loggers/jsonl.js";
import { loadRecipeFile } from "../../../../src/train/recipes/config/config-file.js";
import { resolveRecipe } from "../../../../src/train/recipes/config/resolve-recipe.js";
import { readRunSettings } from "../../../../src/train/runs/run-file.js";
import { sealJson } from "../../../../src/util/sealed-json.js";
import { goldenFile, type Subject } from "./subject.js";
import { knowTiny } from "./weights.js";

const jsonWords = [
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "null",
    "true",
    "1e400",
    "-1",
    "\\u0000",
    "\\ud800",
    '"__proto__":',
    "[[[[[[[[",
    "\u001b[2J",
  ],
  ...['"step":-3', '"epoch":', '"sha256":', '"recipe":{}', '"classes":[]', '"tensors":"../x"', '"format":'],
];
const run = ["versions", "ca69399", "run"] as const;
const checkpoint = (ending: string): Uint8Array => goldenFile(...run, "checkpoints", `step_000070.${ending}`);
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, null, 1));

/** What a machine.json holds. */
const sessions = {
  format: "tensorone-machine-1",
  sessions: [{ startedAt: "2026-11-01T00:00:00.000Z", startStep: 0, endStep: 4, seconds: 3.5, cores: 2, data: "data" }],
};
const configs = [
  { extends: null, optimizer: { weightDecay: 0.05 } },
  {
    extends: "mobileone_s0",
    epochs: 3,
    images: { trainSize: 64, switches: [{ epoch: 1, trainSize: 96 }] },
    run: { seed: 3 },
  },
  { optimizer: { kind: "adamw", lr: 0.001, betas: [0.9, 0.99] }, schedule: { kind: "step", lrSteps: [1, 2] } },
];

/** A sealed file of what can be read of it; else as it is. */
function resealed(bytes: Uint8Array): Uint8Array | string {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? sealJson(value, 1) : bytes;
  } catch {
    return bytes;
  }
}

export const runSubjects = {
  "checkpoint JSON": {
    words: jsonWords,
    async prepare() {
      writeFileSync("step_000070.safetensors", checkpoint("safetensors"));
      const read = (bytes: Uint8Array) => {
        writeFileSync("step_000070.json", bytes);
        return readCheckpoint("step_000070.json");
      };
      return { seeds: [checkpoint("json")], read };
    },
  },
  "checkpoint JSON, sealed anew": {
    words: jsonWords,
    async prepare() {
      writeFileSync("step_000070.safetensors", checkpoint("safetensors"));
      writeFileSync("step_000070.json", checkpoint("json"));
      const today = text(await readCheckpointFile("step_000070.json"));
      // with a hash that fits, so that its fields are looked at
      const read = (bytes: Uint8Array) => {
        writeFileSync("step_000070.json", resealed(bytes));
        return readCheckpoint("step_000070.json");
      };
      return { seeds: [today, checkpoint("json")], read };
    },
  },
  "checkpoint tensors": {
    words: ['"__metadata__":', "averages.", "optimizer.", '"dtype":"I64"', '"data_offsets":[0,4]', "null"],
    async prepare() {
      const json = JSON.parse(new TextDecoder().decode(checkpoint("json"))) as object;
      // with the hash of the mutant, so that it is looked at
      const read = (bytes: Uint8Array) => {
        writeFileSync("step_000070.safetensors", bytes);
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        writeFileSync("step_000070.json", JSON.stringify({ ...json, sha256 }));
        return readCheckpoint("step_000070.json");
      };
      return { seeds: [checkpoint("safetensors")], read };
    },
  },
  "run.json": {
    words: jsonWords,
    prepare: async () => ({
      seeds: [goldenFile(...run, "run.json")],
      read: (bytes) => {
        writeFileSync("run.json", bytes);
        return readRunSettings(".");
      },
    }),
  },
  "run folder": {
    words: jsonWords,
    async prepare() {
      knowTiny();
      mkdirSync("checkpoints");
      writeFileSync("log.jsonl", goldenFile(...run, "log.jsonl"));
      const names = ["machine.json", "run.json", "log.jsonl", "checkpoints/step_000070.json"];
      // the last byte says which of the files it is
      const seeds = [
        text(sessions),
        goldenFile(...run, "run.json"),
        goldenFile(...run, "log.jsonl").subarray(0, 2000),
        checkpoint("json"),
      ];
      const read = async (bytes: Uint8Array) => {
        const name = names[(bytes.at(-1) ?? 0) % names.length]!;
        writeFileSync(name, bytes.subarray(0, -1));
        await gatherRun(".", { answers: { mostImages: 0, workers: 0 }, ownPath: "report.html" });
      };
      return { seeds: seeds.map((seed, i) => Uint8Array.from([...seed, i])), read };
    },
  },
  "log.jsonl": {
    words: [...jsonWords, '{"kind":"train","step":1}', '{"kind":"val"}', "\n"],
    async prepare() {
      const read = async (bytes: Uint8Array) => {
        writeFileSync("log.jsonl", bytes);
        await readLog("log.jsonl");
        const logger = new JsonlLogger();
        // as a run that goes on does: what is beyond its step is cut off
        await logger.onStart({ out: ".", startStep: 40 } as Parameters<JsonlLogger["onStart"]>[0]);
        await logger.onEnd();
      };
      return { seeds: [goldenFile(...run, "log.jsonl")], read };
    },
  },
  config: {
    words: [...jsonWords, '"extends":', '"optimizer":{', '"run":{', "config.json", '"epochs":0', '"images":'],
    prepare: async () => ({
      seeds: configs.map(text),
      read: async (bytes) => {
        writeFileSync("config.json", bytes);
        const config = await loadRecipeFile("config.json");
        await resolveRecipe({ model: "mobileone_s0", config });
      },
    }),
  },
} as const satisfies { readonly [name: string]: Subject };
