/**
 * Whether two runs are the same, bit for bit: the losses of their logs, and of the newest checkpoint that both have every
 * tensor, by kind. By hand, for a change that must not change the recipe: the same `train` line with this version and with
 * another commit's, then `npx tsc -p tsconfig.bench.json && node build/bench/same-run.js RUN OTHER`. Exit code 1 where
 * they differ.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { type Entries, splitEntries } from "../../src/train/checkpoints/checkpoint-entries.js";
import { logName } from "../../src/train/loggers/jsonl.js";
import { UsageError } from "../../src/util/errors.js";

/** Running statistics and counters of batch norms; all other entries of a model are parameters. */
const STATISTIC = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

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
  const { raw, averages, momentum } = splitEntries(entries);
  const part = (set: Entries, isStatistic: boolean): Entries =>
    new Map([...set].filter(([entry]) => STATISTIC.test(entry) === isStatistic));
  return {
    name,
    kinds: {
      "raw weights": part(raw, false),
      statistics: part(raw, true),
      "averaged weights": part(averages, false),
      "averaged statistics": part(averages, true),
      momentum,
    },
  };
}

const lossesOf = (run: string): string[] =>
  readFileSync(join(run, logName), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step?: number; loss: number | null })
    .flatMap(({ kind, step, loss }) => (kind === "train" ? [`${step}: ${loss}`] : []));

const [run, other] = process.argv.slice(2);
if (run === undefined || other === undefined) throw new UsageError("same-run: expected the folders of two runs");
let isSame = true;
const report = (what: string, count: number, different: readonly string[]) => {
  isSame &&= different.length === 0 && count > 0;
  console.log(
    `${what}: ${count - different.length} of ${count} the same${different
      .slice(0, 4)
      .map((one) => `\n  ${one}`)
      .join("")}`,
  );
};
const [mine, theirs] = [lossesOf(run), lossesOf(other)];
report(
  "losses",
  Math.max(mine.length, theirs.length),
  mine.length > theirs.length ? mine.filter((row, i) => row !== theirs[i]) : theirs.filter((row, i) => row !== mine[i]),
);
const [own, base] = [checkpointOf(run, other), checkpointOf(other, run)];
console.log(own.name);
for (const [kind, entries] of Object.entries(own.kinds)) {
  const others = base.kinds[kind]!;
  const names = [...new Set([...entries.keys(), ...others.keys()])];
  const different = names.filter((name) => {
    const [a, b] = [entries.get(name), others.get(name)];
    return !a || !b || !bytesOf(a).equals(bytesOf(b));
  });
  report(kind, names.length, different);
}
process.exitCode = isSame ? 0 : 1;
