/** A log that grows, is cut and written on, is replaced, or goes: its reader never shows a line twice, nor one that is gone. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type LogPiece, PIECE_BYTES, readLogFrom } from "../../src/studio-server/log-cursor.js";
import { RunLog } from "../../src/studio-server/run-log.js";
import { logText, stepLine } from "./runs.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-log-cursor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "log.jsonl");

it("gives whole lines alone, and goes on where it stood", async () => {
  writeFileSync(path, `${stepLine(1)}{"kind":"tr`);
  const first = (await readLogFrom(path, null))!;
  expect(first).toMatchObject({ text: stepLine(1), isReset: false, hasMore: false });
  expect(await readLogFrom(path, first.cursor)).toMatchObject({ text: "", cursor: first.cursor });
  appendFileSync(path, `ain"}\n${stepLine(2)}`);
  const second = (await readLogFrom(path, first.cursor))!;
  expect(second).toMatchObject({ text: `{"kind":"train"}\n${stepLine(2)}`, isReset: false });
});

it("begins anew where the log was cut and has grown beyond the place, as by a run that goes on", async () => {
  writeFileSync(path, logText({ steps: 30 }));
  const { cursor } = (await readLogFrom(path, null))!;
  truncateSync(path, logText({ steps: 10 }).length);
  appendFileSync(path, Array.from({ length: 40 }, (_, i) => stepLine(11 + i, { loss: 0.5 })).join(""));
  const piece = (await readLogFrom(path, cursor))!;
  expect(piece.isReset).toBe(true);
  expect(piece.text.startsWith(stepLine(1))).toBe(true);
});

it("begins anew where the log is shorter, and for what is no cursor", async () => {
  writeFileSync(path, logText({ steps: 30 }));
  const { cursor } = (await readLogFrom(path, null))!;
  truncateSync(path, 100);
  for (const known of [cursor, "", "17", "-1-00000000", "1e3-00000000", `999999999999999-${"0".repeat(8)}`])
    expect((await readLogFrom(path, known))!.isReset, known).toBe(true);
});

it("comes in pieces where it is long", async () => {
  const text = logText({ steps: 15_000 });
  expect(text.length).toBeGreaterThan(2 * PIECE_BYTES);
  writeFileSync(path, text);
  let [all, cursor, pieces]: [string, string | null, number] = ["", null, 0];
  for (let hasMore = true; hasMore; pieces++) {
    const piece: LogPiece = (await readLogFrom(path, cursor))!;
    all += piece.text;
    ({ cursor, hasMore } = piece);
  }
  expect(all).toBe(text);
  expect(pieces).toBeGreaterThan(2);
});

it("takes a line that is longer than a piece whole", async () => {
  const line = `{"kind":"note","text":"${"x".repeat(3 * PIECE_BYTES)}"}\n`;
  writeFileSync(path, line + stepLine(1));
  const { text, hasMore } = (await readLogFrom(path, null))!;
  expect([text.length, hasMore]).toEqual([(line + stepLine(1)).length, false]);
});

it("curves follow: grown, replaced by another run, gone, and there again", async () => {
  const log = new RunLog(path);
  writeFileSync(path, logText({ steps: 25 }));
  await log.readOn();
  expect(log.curves).toMatchObject({ lastStep: 25, steps: 25, stepsPerEpoch: 10 });
  const before = log.version;
  appendFileSync(path, stepLine(26));
  await log.readOn();
  expect(log.curves).toMatchObject({ lastStep: 26, steps: 26 });
  expect(log.version).not.toBe(before);
  writeFileSync(`${path}.new`, logText({ steps: 40, loss: 3 }));
  renameSync(`${path}.new`, path);
  await log.readOn();
  expect(log.curves).toMatchObject({ lastStep: 40, steps: 40 });
  rmSync(path);
  await log.readOn();
  expect(log.curves.steps).toBe(0);
  writeFileSync(path, logText({ steps: 5 }));
  await log.readOn();
  expect(log.curves.steps).toBe(5);
});
