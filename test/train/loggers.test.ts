import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConsoleLogger } from "../../src/train/loggers/console.js";
import { JsonlLogger } from "../../src/train/loggers/jsonl.js";
import { MachineLogger, readSessions } from "../../src/train/loggers/machine.js";
import { Terminal } from "../../src/util/terminal.js";
import { run, stepAt, stepsPerEpoch, validationAt } from "./a-run.js";

/** A run of two epochs; 150 ms a step on a clock of its own. Returns what was written, piece by piece. */
function watch(stream: { readonly isTTY: boolean; columns?: number }, env: Record<string, string> = {}): string[] {
  const written: string[] = [];
  let clock = 0;
  const terminal = new Terminal({ ...stream, write: (text: string) => written.push(text) }, env);
  const logger = new ConsoleLogger(terminal, { now: () => clock });
  logger.onStart(run());
  for (let step = 1; step <= 2 * stepsPerEpoch; step++) {
    clock += stepMs;
    logger.onStep(stepAt(step));
    if (step % stepsPerEpoch > 0) continue;
    for (let done = 1; done <= 5; done++) logger.onEvalProgress({ done, total: 5 });
    logger.onValidation(validationAt(step));
  }
  logger.onEnd();
  return written;
}
let stepMs = 150;
beforeEach(() => {
  stepMs = 150;
});

const eraser = "\r\u001b[2K";

/** What a terminal shows in the end, and the widest line on the way. */
function screen(written: readonly string[]): { readonly lines: string[]; readonly widest: number } {
  const lines = [""];
  let widest = 0;
  for (const piece of written) {
    if (piece.startsWith(eraser)) lines[lines.length - 1] = "";
    const [text = "", ...more] = piece.replace(eraser, "").split("\n");
    lines[lines.length - 1] += text;
    widest = Math.max(widest, [...stripVTControlCharacters(lines.at(-1)!)].length);
    lines.push(...more);
  }
  return { lines, widest };
}

describe("console in a pipe", () => {
  test("plain lines: the first step, every ten seconds, the end of each epoch, validations, the curve", () => {
    const text = watch({ isTTY: false }).join("");
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\r");
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe("mobileone_s0  train 5.29 M -> deploy 2.08 M params  backend wasm x2  seed 0");
    const steps = lines.flatMap((line) => /^epoch \d\/2 {2}step (\d+)\/50/.exec(line)?.[1] ?? []).map(Number);
    expect(steps).toEqual([1, 50, 50]);
    expect(lines).toContainEqual(
      // the mean of the last twenty losses or so, 1.8 to 2.0
      expect.stringMatching(
        /^epoch 1\/2 {2}step 50\/50 {2}loss 1\.9\d\d {2}top1 25\.0 % {2}lr 0\.05 {2}212 img\/s {2}data wait 3 % {2}eta 0:0[78]$/,
      ),
    );
    expect(lines).toContain(
      "epoch 1/2  step 50  train loss 2.045  top1 25.0 %  val loss 1.250  val top1 52.3 %  top5 95.0 %  0:08",
    );
    expect(lines.at(-1)).toMatch(/^loss █[▁▂▃▄▅▆▇█]*▁ 2\.290 -> 1\.\d+$/);
  });

  test("slow steps are told every ten seconds", () => {
    stepMs = 4000;
    const lines = watch({ isTTY: false }).join("").split("\n");
    const steps = lines.flatMap((line) => /^epoch 1\/2 {2}step (\d+)\/50/.exec(line)?.[1] ?? []).map(Number);
    expect(steps.slice(0, 5)).toEqual([1, 4, 7, 10, 13]);
  });
});

describe("console on a terminal", () => {
  test("one live line, gone at the end; finished lines stay", () => {
    const written = watch({ isTTY: true, columns: 120 });
    const { lines, widest } = screen(written);
    expect(widest).toBeLessThan(120);
    expect(written.join("")).toContain("━");
    expect(lines.filter((line) => line.includes("val top1"))).toHaveLength(2);
    expect(lines.filter((line) => line.includes("━"))).toEqual([]);
  });

  test("at most ten redraws a second", () => {
    stepMs = 10; // 100 steps in one second
    const redraws = watch({ isTTY: true, columns: 120 }).filter((piece) => piece.includes("━") && piece.includes("lr"));
    expect(redraws.length).toBeLessThanOrEqual(12);
  });

  test.each([100, 60, 40, 30])("never wider than %i columns", (columns) => {
    const { widest, lines } = screen(watch({ isTTY: true, columns }).slice(5));
    expect(widest).toBeLessThanOrEqual(columns);
    expect(lines.join("\n")).toContain("epoch 2/2");
  });

  test("NO_COLOR leaves no colours, TERM=dumb no live line", () => {
    const bold = "\u001b[1m";
    expect(watch({ isTTY: true }).join("")).toContain(bold);
    expect(watch({ isTTY: true }, { NO_COLOR: "1" }).join("")).not.toContain(bold);
    expect(watch({ isTTY: true }, { TERM: "dumb" }).join("")).not.toContain("\u001b");
  });

  test("an epoch without validation leaves its last line", () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 120, write: (text: string) => written.push(text) };
    const logger = new ConsoleLogger(new Terminal(stream, { NO_COLOR: "1" }));
    logger.onStart(run());
    for (let step = 1; step <= 2 * stepsPerEpoch; step++) logger.onStep(stepAt(step));
    logger.onEnd();
    expect(screen(written).lines.filter((line) => line.includes("50/50"))).toHaveLength(2);
  });
});

describe("log.jsonl", () => {
  let out = "";
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), "tensorone-log-"));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));
  const lines = () => readFileSync(join(out, "log.jsonl"), "utf8").split("\n");

  /** Steps after `startStep` up to `end`, validated after each epoch. */
  async function log(startStep: number, end: number): Promise<void> {
    const logger = new JsonlLogger();
    await logger.onStart(run({ out, startStep }));
    for (let step = startStep + 1; step <= end; step++) {
      await logger.onStep(stepAt(step));
      if (step % stepsPerEpoch === 0) await logger.onValidation(validationAt(step));
    }
    await logger.onEnd();
  }

  test("one object a line, with exactly these keys", async () => {
    await log(0, 50);
    const text = lines();
    expect(text).toHaveLength(52);
    expect(text.at(-1)).toBe("");
    expect(text[0]).toBe(
      '{"kind":"train","epoch":1,"step":1,"loss":2.29,"lr":0.05,"weightDecay":0.0001,"imagesPerSecond":212,"dataWait":0.03,"stepMs":150}',
    );
    expect(text[50]).toBe('{"kind":"val","epoch":1,"top1":52.34,"top5":95,"loss":1.25}');
  });

  test("a resumed run gives the log of one that was never stopped", async () => {
    await log(0, 100);
    const whole = lines();
    await log(50, 100);
    expect(lines()).toEqual(whole);
    await log(70, 100);
    expect(lines()).toEqual(whole);
  });

  test("a log of an earlier version, which counted epochs from 0, goes on with one count", async () => {
    await log(0, 100);
    const whole = lines();
    const former = whole.map((line) => line.replace(/"epoch":(\d+)/, (_, epoch) => `"epoch":${Number(epoch) - 1}`));
    writeFileSync(join(out, "log.jsonl"), former.join("\n"));
    await log(70, 100);
    expect(lines()).toEqual(whole);
  });

  test("a line that was half written is cut off", async () => {
    await log(0, 50);
    const whole = lines();
    writeFileSync(join(out, "log.jsonl"), `${whole.join("\n")}{"kind":"train","ep`);
    await log(50, 50);
    expect(lines()).toEqual(whole);
  });
});

describe("machine.json", () => {
  let out = "";
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), "tensorone-machine-"));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  test("an entry for each time a run is begun or gone on with; one that is killed has no end", async () => {
    let clock = Date.parse("2026-11-27T02:00:00Z");
    const killed = new MachineLogger(() => clock);
    await killed.onStart(run({ out }));
    killed.onStep(stepAt(7));
    const whole = new MachineLogger(() => clock);
    await whole.onStart(run({ out, startStep: 50 }));
    whole.onStep(stepAt(100));
    clock += 90_000;
    await whole.onEnd();
    const sessions = await readSessions(out);
    expect(sessions).toMatchObject([
      { startedAt: "2026-11-27T02:00:00.000Z", startStep: 0, endStep: null, seconds: null, backend: "wasm x2" },
      { startStep: 50, endStep: 100, seconds: 90, decoder: "jpeg-js", stepsPerEpoch },
    ]);
    expect(sessions[0]!.cores).toBeGreaterThan(0);
  });

  test("a damaged file is begun anew", async () => {
    writeFileSync(join(out, "machine.json"), "{");
    expect(await readSessions(out)).toEqual([]);
  });
});
