/** log.jsonl as curves: bounded, true to the steps, and patient with what is broken. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readLog } from "../../src/report/facts/log.js";
import { LogCurves } from "../../src/report/facts/log-curves.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-report-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (step: number, loss: unknown): string =>
  JSON.stringify({
    kind: "train",
    epoch: 1,
    step,
    loss,
    lr: 0.1,
    weightDecay: 0,
    imagesPerSecond: 10,
    dataWait: 0,
    stepMs: 2,
  });

async function read(lines: readonly string[]) {
  const path = join(folder, "log.jsonl");
  writeFileSync(path, lines.join("\n"));
  return (await readLog(path))!;
}

it("keeps a long run in bounded memory, with the means of its steps", async () => {
  const steps = 9000;
  const log = await read(Array.from({ length: steps }, (_, i) => row(i + 1, i % 2)));
  expect(log).toMatchObject({ steps, lastStep: steps, stepMs: 2 * steps });
  expect(log.points.length).toBeLessThan(2000);
  expect(log.points.length).toBeGreaterThan(900);
  for (const { values } of log.points) expect(values.loss).toBe(0.5);
  expect(log.points.at(-1)!.step).toBe(steps);
  const pitch = new Set(log.points.slice(1).map(({ step }, i) => step - log.points[i]!.step));
  expect(pitch.size).toBeLessThanOrEqual(2);
});

it("passes over broken lines and numbers that are none; a validation stands at the step before it", async () => {
  const log = await read([
    row(1, 2),
    row(2, null),
    "",
    "[]",
    "null",
    '{"kind":"val","epoch":1,"top1":50,"loss":null}',
    row(3, 4),
    '{"kind":"train","ep',
  ]);
  expect(log.points.map(({ step, values }) => [step, values.loss])).toEqual([
    [1, 2],
    [2, Number.NaN],
    [3, 4],
  ]);
  expect(log.validations).toEqual([{ step: 2, epoch: 1, elapsedMs: 4, figures: { top1: 50 } }]);
});

it("joins neighbours once more for who wants fewer points, and knows the steps of an epoch once one has ended", () => {
  const curves = new LogCurves();
  for (let step = 1; step <= 100; step++)
    curves.add(JSON.stringify({ kind: "train", epoch: Math.ceil(step / 40), step, loss: step % 4, stepMs: 3 }));
  expect(curves.points()).toHaveLength(100);
  const few = curves.points(25);
  expect(few.map(({ step, epoch, elapsedMs, values }) => [step, epoch, elapsedMs, values.loss])).toEqual(
    Array.from({ length: 25 }, (_, i) => [4 * i + 4, Math.ceil((4 * i + 4) / 40), 12 * i + 12, 1.5]),
  );
  expect(curves.stepsPerEpoch).toBe(40);
});

it("is null where there is no log", async () => {
  expect(await readLog(join(folder, "nowhere.jsonl"))).toBeNull();
});

it("counts epochs from 1, also of a log of an earlier version, which began at 0", async () => {
  const lines = (first: number) => [
    JSON.stringify({ kind: "train", epoch: first, step: 1 }),
    JSON.stringify({ kind: "val", epoch: first, top1: 1 }),
    JSON.stringify({ kind: "train", epoch: first + 1, step: 2 }),
  ];
  for (const first of [0, 1]) {
    const { lastEpoch, validations } = await read(lines(first));
    expect([lastEpoch, validations[0]!.epoch]).toEqual([2, 1]);
  }
});
