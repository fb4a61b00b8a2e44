/**
 * A run that was interrupted ends with the bytes of one that was not: after a step limit, after SIGTERM, and when the
 * newest checkpoint is damaged. The command line as users run it, on the bundled demo set.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../../dist/cli/main.js");
const root = mkdtempSync(join(tmpdir(), "tensorone-resume-"));
const STEPS = 24;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Runs `train` into root/out; kills it with `signal`, or stops reading what it says, once its log is long enough. */
function train(
  out: string,
  args: readonly string[],
  killAt?: (log: string) => boolean,
  signal: NodeJS.Signals | "closed" = "SIGTERM",
): Promise<Ended> {
  const folder = join(root, out);
  const child = spawn(process.execPath, [
    main,
    "train",
    "--out",
    folder,
    "--no-validate",
    "--threads",
    "2",
    "--batch-size",
    "8",
    ...args,
  ]);
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const log = join(folder, "log.jsonl");
  const timer = setInterval(() => {
    if (killAt && existsSync(log) && killAt(readFileSync(log, "utf8"))) {
      clearInterval(timer);
      if (signal === "closed") child.stdout.destroy();
      else child.kill(signal);
    }
  }, 20);
  return new Promise((resolve) =>
    child.on("close", (code, signal) => {
      clearInterval(timer);
      resolve({ code, signal, output });
    }),
  );
}

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const checkpoint = (out: string, name: string): string => join(root, out, "checkpoints", name);
const filesOf = (out: string): string[] =>
  ["json", "safetensors"].map((end) => hashOf(checkpoint(out, `step_0000${STEPS}.${end}`)));

beforeAll(async () => {
  const whole = await train("whole", ["--max-steps", String(STEPS)]);
  expect(whole).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(root, { recursive: true }));

describe("a resumed run", () => {
  it("of 12 + 12 steps ends with the bytes of 24 at once", async () => {
    expect((await train("halves", ["--max-steps", "12"])).code).toBe(0);
    expect((await train("halves", ["--max-steps", String(STEPS), "--resume"])).code).toBe(0);
    expect(filesOf("halves")).toEqual(filesOf("whole"));
    const steps = readFileSync(join(root, "halves", "log.jsonl"), "utf8")
      .trim()
      .split("\n");
    expect(steps.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
      Array.from({ length: STEPS }, (_, i) => i + 1),
    );
  });

  it("goes on after SIGTERM, which saves before it leaves", async () => {
    const killed = await train("killed", ["--max-steps", String(STEPS)], (log) => log.split("\n").length > 8);
    expect(killed.code).toBe(143);
    const saved = readdirSync(join(root, "killed", "checkpoints"));
    // the third is the list of its pictures
    expect(saved.filter((name) => /^step_\d+\.(json|safetensors)$/.test(name))).toHaveLength(2);
    expect(saved.filter((name) => !/^(step_|pictures-)/.test(name))).toEqual([]);
    expect((await train("killed", ["--max-steps", String(STEPS), "--resume"])).code).toBe(0);
    expect(filesOf("killed")).toEqual(filesOf("whole"));
  });

  it("passes over a damaged checkpoint to the one before, and says so", async () => {
    await train("damaged", ["--max-steps", "6"]);
    await train("damaged", ["--max-steps", "9", "--resume"]);
    const newest = checkpoint("damaged", "step_000009.safetensors");
    const bytes = readFileSync(newest);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(newest, bytes);
    const resumed = await train("damaged", ["--max-steps", String(STEPS), "--resume"]);
    expect(resumed.output).toMatch(
      /step_000009\.safetensors: entry \S+ does not match its hash; trying the one before/,
    );
    expect(resumed.code).toBe(0);
    expect(filesOf("damaged")).toEqual(filesOf("whole"));
  });

  it("refuses a checkpoint of another run, naming what differs", async () => {
    const other = await train("halves", ["--max-steps", "25", "--resume", "--seed", "1"]);
    expect(other.code).toBe(1);
    expect(other.output).toMatch(/belongs to another run: seed was 0, is 1/);
  });
});

describe("a run that is killed within an epoch", () => {
  const steps = ["--max-steps", String(STEPS)];
  const after = (lines: number) => (log: string) => log.split("\n").length > lines;
  const within = (out: string) =>
    readdirSync(join(root, out, "checkpoints")).filter((name) => /^within_.*json$/.test(name));

  it("goes on from the newest checkpoint there that is whole, and names one that is not", async () => {
    await train("within", [...steps, "--save-every", "2"], after(12), "SIGKILL");
    const saved = within("within").sort();
    expect(saved.length).toBeGreaterThanOrEqual(2);
    appendFileSync(checkpoint("within", saved.at(-1)!.replace("json", "safetensors")), "x");
    const resumed = await train("within", [...steps, "--resume"]);
    expect(resumed.output).toMatch(/within_\d+\.safetensors: .*; trying the one before/);
    expect(resumed.output).toMatch(/is gone and left its lock: taken over/);
    expect(resumed.code).toBe(0);
    expect(filesOf("within")).toEqual(filesOf("whole"));
    expect(within("within")).toEqual([]);
    expect(existsSync(join(root, "within", "run.lock"))).toBe(false);
  });

  it("saves first when its terminal is gone, and when nobody reads its output", async () => {
    expect((await train("hung-up", steps, after(3), "SIGHUP")).code).toBe(129);
    expect((await train("closed", steps, after(3), "closed")).code).toBe(141);
    for (const out of ["hung-up", "closed"])
      expect(readdirSync(join(root, out, "checkpoints")).some((name) => name.endsWith(".json"))).toBe(true);
  });

  it("begins again where it has no checkpoint yet, by --resume as well", async () => {
    await train("begun", [...steps, "--save-every", "0"], after(3), "SIGKILL");
    const again = await train("begun", [...steps, "--resume"]);
    expect(again.output).toMatch(/died before its first checkpoint: it begins again/);
    expect(again.code).toBe(0);
    expect(filesOf("begun")).toEqual(filesOf("whole"));
  });
});

describe("a run with AdamW, mixup and accumulation", () => {
  const options =
    "--optimizer adamw --weight-decay 0.05 --schedule one-cycle --clip-grad-norm 5 --mixup 0.2 --accumulate 3";
  const words = [...options.split(" "), "--max-steps", "8"];
  const end = (out: string): string[] =>
    ["json", "safetensors"].map((name) => hashOf(checkpoint(out, `step_000008.${name}`)));

  it("ends with the bytes of one at once, after a step limit and after SIGTERM within a group of batches", async () => {
    expect(await train("mixed", words)).toMatchObject({ code: 0 });
    expect((await train("mixed-halves", [...words.slice(0, -1), "3"])).code).toBe(0);
    // the run knows its options
    expect((await train("mixed-halves", ["--resume", "--max-steps", "8"])).code).toBe(0);
    expect(end("mixed-halves")).toEqual(end("mixed"));
    const killed = await train("mixed-killed", words, (log) => log.split("\n").length > 3);
    expect(killed.code).toBe(143);
    expect((await train("mixed-killed", ["--resume", "--max-steps", "8"])).code).toBe(0);
    expect(end("mixed-killed")).toEqual(end("mixed"));
  });
});
