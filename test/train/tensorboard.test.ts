/** Event files for TensorBoard: frames and checks, what is in them, and what a run that goes on takes back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TensorBoardLogger } from "../../src/train/loggers/tensorboard.js";
import { crc32c } from "../../src/util/crc32.js";
import { decodeMessage, type Fields } from "../onnx-cases/protobuf.js";
import { run, stepAt, stepsPerEpoch } from "./a-run.js";
import { crc32cByBits, filesIn, recordsOf, TIME, writeEvents } from "./event-files.js";

const value: Fields = {
  tag: { number: 1, kind: "text", isList: false },
  simple: { number: 2, kind: "float", isList: false },
};
const summary: Fields = { value: { number: 1, kind: "message", isList: true, fields: () => value } };
const session: Fields = { status: { number: 1, kind: "integer", isList: false } };
const event: Fields = {
  time: { number: 1, kind: "double", isList: false },
  step: { number: 2, kind: "integer", isList: false },
  version: { number: 3, kind: "text", isList: false },
  summary: { number: 5, kind: "message", isList: false, fields: () => summary },
  session: { number: 7, kind: "message", isList: false, fields: () => session },
};

interface Read {
  readonly time: number;
  readonly step: number | bigint;
  readonly version?: string;
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simple: number }[] };
  readonly session?: { readonly status: number | bigint };
}
const read = (records: readonly Uint8Array[]): Read[] =>
  records.map((one) => decodeMessage(event, one) as unknown as Read);

/** What TensorBoard shows of a tag: a session's start takes back its step and those after it. */
function curve(events: readonly Read[], tag: string): [step: number, value: number][] {
  let points: [number, number][] = [];
  for (const { step, session, summary } of events) {
    if (Number(session?.status) === 1) points = points.filter(([at]) => at < step);
    for (const one of summary?.value ?? []) if (one.tag === tag) points.push([Number(step), one.simple]);
  }
  return points;
}

test("CRC-32C: RFC 3720's examples, and the same division bit by bit", () => {
  // B.4, "CRC Examples"
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 37) & 0xff);
    expect(crc32cByBits(bytes)).toBe(crc32c(bytes));
  }
});

describe("event files", () => {
  let out = "";
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), "tensorone-events-"));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));
  const folder = () => join(out, "tensorboard");

  test("a version, the recipe, an event for each step and validation", async () => {
    await writeEvents(out, 0, 100);
    const [records] = filesIn(folder());
    const events = read(records!);
    expect(events[0]).toMatchObject({ time: TIME, version: "brain.Event:2" });
    expect(events[1]!.summary!.value.map(({ tag }) => tag)).toEqual(["recipe/text_summary"]);
    expect(events).toHaveLength(1 + 1 + 100 + 2);
    expect(curve(events, "train/loss").map(([step]) => step)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(curve(events, "train/loss")[9]).toEqual([10, Math.fround(2.2)]);
    expect(curve(events, "train/lr")[99]).toEqual([100, Math.fround(0.05)]);
    expect(curve(events, "val/top1")).toEqual([50, 100].map((step) => [step, Math.fround(52.34)]));
    expect(curve(events, "val/raw/top1")).toEqual([[100, 50]]);
  });

  test("a run that goes on writes a file that sorts last, and takes back what it does again", async () => {
    await writeEvents(out, 0, 80);
    await writeEvents(out, stepsPerEpoch, 100);
    const names = readdirSync(folder()).sort();
    expect(names.map((name) => name.split(".")[3])).toEqual(["1700000000", "1700000001"]);
    const files = filesIn(folder());
    expect(read(files[1]!)[1]).toMatchObject({ step: BigInt(stepsPerEpoch + 1), session: { status: 1n } });
    const steps = curve(files.flatMap(read), "train/loss").map(([step]) => step);
    expect(steps).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test("a step is in the file before the next one begins", async () => {
    const logger = new TensorBoardLogger({ folder: folder() });
    await logger.onStart(run({ out }));
    const size = () => recordsOf(readFileSync(join(folder(), readdirSync(folder())[0]!))).length;
    const before = size();
    await logger.onStep(stepAt(1));
    expect(size()).toBe(before + 1);
    await logger.onEnd();
  });

  test("top-5 of five classes is left out", async () => {
    const logger = new TensorBoardLogger();
    await logger.onStart(run({ out, numClasses: 5 }));
    await logger.onValidation({ epoch: 1, step: 1, top1: 1, top5: 100, loss: 1, images: 1, imagesPerSecond: 1 });
    await logger.onEnd();
    const events = read(filesIn(folder())[0]!);
    expect(events.at(-1)!.summary!.value.map(({ tag }) => tag)).toEqual(["val/top1", "val/loss"]);
  });
});
