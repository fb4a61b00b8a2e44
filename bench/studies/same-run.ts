/**
 * Whether two runs are the same, bit for bit: the losses of their logs, and of the newest checkpoint that both have every
 * tensor, by kind. For a change that must not change the recipe: the same `train` line with this version and with another
 * commit's.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { type Entries, splitEntries } from "../../src/train/checkpoints/checkpoint-entries.js";
import { LOG_NAME } from "../../src/train/loggers/jsonl.js";
import { UsageError } from "../../src/util/errors.js";
import { defineStudy, type Tell } from "../study.js";

/** Running statistics and counters of batch norms; all other entries of a model are parameters. */
const STATISTIC = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** Differences of each kind that are named. */
const SHOWN = 4;

const bytesOf = ({ values }: StoredTensor): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** What a run has in its newest checkpoint that `other` has as well. */
function checkpointOf(run: string, other: string): { readonly name: string; readonly kinds: Record<string, Entries> } {
  const [mine, theirs] = [run, other].map((folder) => readdirSync(join(folder, "checkpoints")));
  const name = mine!
    .filter((file) => file.endsWith(".safetensors") && theirs!.includes(file))
    .sort()
    .at(-1);
  if (name === undefined) throw new UsageError(`same-run: ${run} and ${other} have no checkpoint of one name`);
  const { entries } = decodeSafetensors(readFileSync(join(run, "checkpoints", name)), name);
  const { raw, averages, optimizer } = splitEntries(entries);
  const part = (set: Entries, isStatistic: boolean): Entries =>
    new Map([...set].filter(([entry]) => STATISTIC.test(entry) === isStatistic));
  return {
    name,
    kinds: {
      "raw weights": part(raw, false),
      statistics: part(raw, true),
      "averaged weights": part(averages, false),
      "averaged statistics": part(averages, true),
      ...Object.fromEntries(optimizer),
    },
  };
}

const lossesOf = (run: string): string[] =>
  readFileSync(join(run, LOG_NAME), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step?: number; loss: number | null })
    .flatMap(({ kind, step, loss }) => (kind === "train" ? [`${step}: ${loss}`] : []));

/** Compares and tells; whether all is equal, and something was there to compare. */
function compareRuns(run: string, other: string, tell: Tell): boolean {
  let isSame = true;
  const report = (what: string, count: number, different: readonly string[]) => {
    isSame &&= different.length === 0 && count > 0;
    const examples = different.slice(0, SHOWN).map((one) => `\n  ${one}`);
    tell(`${what}: ${count - different.length} of ${count} the same${examples.join("")}`);
  };
  const [mine, theirs] = [lossesOf(run), lossesOf(other)];
  const [long, short] = mine.length > theirs.length ? [mine, theirs] : [theirs, mine];
  report(
    "losses",
    long.length,
    long.filter((row, i) => row !== short[i]),
  );
  const [own, base] = [checkpointOf(run, other), checkpointOf(other, run)];
  tell(own.name);
  for (const [kind, entries] of Object.entries(own.kinds)) {
    const others = base.kinds[kind]!;
    const names = [...new Set([...entries.keys(), ...others.keys()])];
    const different = names.filter((name) => {
      const [a, b] = [entries.get(name), others.get(name)];
      return !a || !b || !bytesOf(a).equals(bytesOf(b));
    });
    report(kind, names.length, different);
  }
  return isSame;
}

export const study = defineStudy({
  name: "same-run",
  help: "whether two run folders are equal bit for bit: losses, and the newest checkpoint of both; exit code 1 if not",
  words: { names: ["RUN", "OTHER"] },
  options: {},
  examples: ["same-run runs/s0 runs/s0-2"],
  run: async (_, [run = "", other = ""], tell) => (compareRuns(run, other, tell) ? 0 : 1),
});
