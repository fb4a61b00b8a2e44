/**
 * How fast each decoder gives pixels: a JPEG of 500×375 decoded alone, and read by a DataLoader into batches of 224×224, in
 * the asking thread and in data workers, by turns. The order of the default (data/codecs/decoder) follows from it. Data
 * workers run the built package (npm run build).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import { DataLoader } from "../../src/data/reading/loader.js";
import { trainTransform } from "../../src/data/transforms/index.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median, spread } from "../measure/stats.js";
import { dryOption } from "../options.js";
import { benchFolder, expectBuilt } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, duration, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";

const photo = join(benchFolder, "fixtures", "photo.jpg");
const PICTURES = 64;
const BATCH = 16;
const ROUNDS = 9;

interface Way {
  readonly name: string;
  /** Milliseconds for all pictures. */
  measure(decoder: Decoder): Promise<number>;
}

async function alone(decoder: Decoder): Promise<number> {
  const bytes = readFileSync(photo);
  const start = performance.now();
  for (let i = 0; i < PICTURES; i++) await decoder.decode(bytes, photo);
  return performance.now() - start;
}

/** The second epoch: workers have started, and their decoders are loaded. */
async function batches({ name }: Decoder, workers: number): Promise<number> {
  const samples = Array.from({ length: PICTURES }, () => ({ path: photo, label: 0 }));
  const transform = trainTransform({ imageSize: 224 });
  const loader = new DataLoader({ samples }, { batchSize: BATCH, transform, workers, decoder: name });
  let start = 0;
  for (const epoch of [0, 1]) {
    start = performance.now();
    for await (const batch of loader.epoch(epoch)) batch.release();
  }
  const ms = performance.now() - start;
  await loader.close();
  return ms;
}

const ways: readonly Way[] = [
  { name: "decode alone", measure: alone },
  ...[0, 1, 2].map((workers) => ({
    name: `batches, ${workers === 0 ? "no worker" : workers === 1 ? "1 worker" : `${workers} workers`}`,
    measure: (decoder: Decoder) => batches(decoder, workers),
  })),
];

interface Row {
  readonly way: string;
  readonly decoder: string;
  readonly medianMs: number;
  readonly bestMs: number;
  readonly spread: number;
}

async function measureWay({ name, measure }: Way, decoders: readonly Decoder[]): Promise<Row[]> {
  const times = decoders.map((): number[] => []);
  for (let round = -1; round < ROUNDS; round++)
    for (const [i, decoder] of decoders.entries()) {
      const ms = await measure(decoder);
      // the first round warms up
      if (round >= 0) times[i]!.push(ms / PICTURES);
    }
  return decoders.map((decoder, i) => ({
    ...{ way: name, decoder: decoder.name, medianMs: median(times[i]!), bestMs: Math.min(...times[i]!) },
    spread: spread(times[i]!),
  }));
}

const tableOf = (rows: readonly Row[]): Table => ({
  head: ["what", "decoder", "median", "best", "images/s", "spread"],
  rows: rows.map(({ way, decoder, medianMs, bestMs, spread }) => [
    ...[way, decoder, duration(medianMs), duration(bestMs)],
    ...[(1000 / medianMs).toFixed(0), `±${(50 * spread).toFixed(0)} %`],
  ]),
});

export const study = defineStudy({
  name: "decoders",
  help: "JPEG decoders alone and in a data loader, by turns; a minute",
  options: { dry: dryOption },
  examples: ["decoders --dry"],
  async run({ dry }, _, tell) {
    expectBuilt();
    const machine = describeMachine();
    const decoders = await Promise.all(decoderNames.map((name) => loadDecoder(name)));
    const rows: Row[] = [];
    for (const way of ways) rows.push(...(await measureWay(way, decoders)));
    for (const line of asLines(tableOf(rows))) tell(line);
    if (dry) return;
    const measured = afterwards(machine);
    const page = `# JPEG decoders

A JPEG of 500×375, 4:2:0 (bench/fixtures/photo.jpg), decoded alone, and read, cropped and resized into batches of 224×224; by
turns, median of ${ROUNDS} rounds of ${PICTURES} pictures, a picture each. libjpeg-turbo and sharp give OpenCV's pixels exactly, jpeg-js
does not. ${machineLine(measured)}.

${asMarkdown(tableOf(rows))}
`;
    savePage(study.name, { machine: measured, rows }, page);
  },
});
