/**
 * The process that reads mutants of one kind of file: it may be killed by any of them, so that what is under way lies in a file.
 * Mutants that ran code which no other ran are mutated further.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Coverage } from "./coverage.js";
import { CURRENT_NAME, type Fault, HANG_MS, MOST_BYTES, type Order, type Progress } from "./messages.js";
import { Draw, mutate } from "./mutators.js";
import type { Read, Subject } from "./subjects/subject.js";
import { type Verdict, verdictOn } from "./verdict.js";

/** Mutants between two looks at the coverage. */
const BATCH = 16;
/** Files that are mutated; beyond them a new one takes the place of an old one that was a mutant itself. */
const LARGEST_CORPUS = 400;
/** The same fault is kept this often. */
const KEPT_OF_A_KIND = 1;

const order = JSON.parse(process.argv[2]!) as Order;
const current = join(order.folder, CURRENT_NAME);
const say = (message: Progress | Fault): void => void process.send?.(message);

const tally = { tried: 0, taken: 0, refused: 0, slowestMs: 0 };
const kinds = new Map<string, number>();
/** Whether what is read has been judged before. */
let isAgain = false;

const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

function progress(corpus: number, covered: number): void {
  say({ kind: "progress", ...tally, peakBytes: peakBytes(), corpus, covered });
}

function keep(bytes: Uint8Array, why: string, stack: string): void {
  const kind = `${why}|${stack.split("\n").find((line) => line.includes(" at ")) ?? ""}`;
  const times = (kinds.get(kind) ?? 0) + 1;
  kinds.set(kind, times);
  const hash = createHash("sha256").update(kind).digest("hex").slice(0, 10);
  const file = join(order.keep, `${order.subject.replaceAll(/\W/g, "-")}-${hash}.bin`);
  if (times <= KEPT_OF_A_KIND) {
    mkdirSync(order.keep, { recursive: true });
    writeFileSync(file, bytes);
  }
  say({ kind: "fault", why, stack, file });
}

/** Reads one mutant and judges the answer. */
async function tryOne(bytes: Uint8Array, read: Read): Promise<Verdict> {
  writeFileSync(current, bytes);
  const before = peakBytes();
  const start = performance.now();
  // a copy: a reader may keep or change what it gets
  const verdict = await verdictOn(() => read(bytes.slice()));
  // a rejection that nobody handles shows now, while its mutant is the current one
  await new Promise(setImmediate);
  const ms = performance.now() - start;
  tally.tried++;
  tally.slowestMs = Math.max(tally.slowestMs, ms);
  if (verdict.kind === "fault") keep(bytes, verdict.why, verdict.stack);
  else tally[verdict.kind]++;
  if (ms > (order.hangMs ?? HANG_MS)) keep(bytes, `${(ms / 1000).toFixed(0)} s`, "");
  if (peakBytes() > MOST_BYTES) {
    keep(bytes, `a peak of ${(peakBytes() / 1e6).toFixed(0)} MB, before it ${(before / 1e6).toFixed(0)}`, "");
    progress(0, 0);
    // peaks only rise: the next process begins low
    await new Promise((resolve) => process.send?.({ kind: "fault", why: "", stack: "", file: "" }, resolve));
    process.exit(0);
  }
  return verdict;
}

/** Which mutants of a batch ran something new: where any did, each is read once more, alone, and what is new stays. */
async function addNew(
  batch: readonly Uint8Array[],
  corpus: Uint8Array[],
  coverage: Coverage,
  read: Read,
  draw: Draw,
  seeds: number,
): Promise<void> {
  const ofBatch = coverage.look();
  if (!coverage.isNew(ofBatch)) return;
  isAgain = true;
  for (const mutant of batch) {
    writeFileSync(current, mutant);
    await verdictOn(() => read(mutant.slice()));
    await new Promise(setImmediate);
    const blocks = coverage.look();
    if (!coverage.isNew(blocks)) continue;
    coverage.note(blocks);
    if (corpus.length < LARGEST_CORPUS) corpus.push(mutant);
    else corpus[seeds + draw.below(LARGEST_CORPUS - seeds)] = mutant;
  }
  isAgain = false;
  // a block may have run for the batch alone, by what one mutant left for the next
  coverage.note(ofBatch);
}

async function main(): Promise<void> {
  process.chdir(order.folder);
  const table = (await import(order.table ?? "./subjects/index.js")) as { subjects: Record<string, Subject> };
  const { words, prepare } = table.subjects[order.subject]!;
  const { seeds, read } = await prepare();
  if (order.replay !== undefined) {
    await tryOne(new Uint8Array(readFileSync(order.replay)), read);
    progress(0, 0);
    return;
  }
  const coverage = order.isGuided ? new Coverage() : null;
  const draw = new Draw(order.seed);
  const corpus = [...seeds];
  for (const seed of seeds) await tryOne(seed, read);
  // sound files are no mutants
  Object.assign(tally, { tried: 0, taken: 0, refused: 0 });
  coverage?.note(coverage.look());
  const dictionary = words.map((word) =>
    typeof word === "string" ? new TextEncoder().encode(word) : Uint8Array.from(word),
  );
  const end = performance.now() + order.ms;
  while (tally.tried < order.count && performance.now() < end) {
    const batch = Array.from({ length: Math.min(BATCH, order.count - tally.tried) }, () =>
      mutate(draw.pick(corpus), draw, { other: draw.pick(corpus), words: dictionary }),
    );
    for (const mutant of batch) await tryOne(mutant, read);
    if (coverage) await addNew(batch, corpus, coverage, read, draw, seeds.length);
    progress(corpus.length, coverage?.size ?? 0);
  }
}

process.on("unhandledRejection", (error) => {
  if (isAgain) return;
  keep(
    readFileSync(current),
    `a rejection that nobody handles: ${error}`,
    error instanceof Error ? (error.stack ?? "") : "",
  );
});
await main();
process.disconnect?.();
