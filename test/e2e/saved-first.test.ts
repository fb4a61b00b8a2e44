/**
 * A run that ends by an error which leaves its numbers whole saves them first: a hook that throws, an error outside of the run, a log
 * that has no room. Gone on with, it has the bits of a run that nothing happened to.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { variants } from "../../src/models/index.js";
import { changeRecipe, type Logger, publishedRecipe, setBackend, train } from "../../src/node.js";

const packageRoot = join(import.meta.dirname, "../..");
const wrapper = join(packageRoot, "test", "golden", "versions", "with-tiny.mjs");
const data = join(packageRoot, "demo", "fashion-mnist");
const root = mkdtempSync(join(tmpdir(), "tensorone-saved-first-"));
/** A row of the log has about 200 bytes, a checkpoint 156 kB: by then the log is the largest file of a run. */
const STEPS = 900;
/** What the log may be larger than a checkpoint. */
const ROOM_BYTES = 8192;
const hasLimits = spawnSync("prlimit", ["--version"]).status === 0;

beforeAll(async () => {
  const { tiny } = (await import(wrapper)) as { tiny: (typeof variants)["mobileone_s0"] };
  Object.assign(variants, { mobileone_tiny: tiny });
  await setBackend("wasm", { threads: 1 });
});
afterAll(() => rmSync(root, { recursive: true }));

const checkpointsOf = (out: string): string => join(root, out, "checkpoints");
const bytesOf = (out: string, steps: number): Buffer[] =>
  ["json", "safetensors"].map((end) =>
    readFileSync(join(checkpointsOf(out), `step_${String(steps).padStart(6, "0")}.${end}`)),
  );
const stepsIn = (out: string): (number | undefined)[] =>
  readFileSync(join(root, out, "log.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step?: number }).step);

it("where a hook throws, from code", async () => {
  const changes = { batchSize: 2, imageSize: 32, epochs: 2, lr: 0.01 };
  const recipe = changeRecipe(publishedRecipe("mobileone_tiny"), changes);
  const notices: string[] = [];
  const run = (out: string, logger: Logger, resume?: true) =>
    train({
      ...{
        recipe,
        data,
        out: join(root, out),
        seed: 0,
        workers: 0,
        validate: false,
        maxSteps: 9,
        backendLabel: "wasm",
      },
      ...(resume && { resume }),
      loggers: [{ onNotice: (text) => void notices.push(text) }, logger],
    });
  await run("hook-whole", {});
  const wrong = new TypeError("a hook of the caller");
  const throwing: Logger = {
    onStep({ step }) {
      if (step === 5) throw wrong;
    },
  };
  await expect(run("hook", throwing)).rejects.toBe(wrong);
  expect(readdirSync(checkpointsOf("hook")).sort()).toEqual([
    expect.stringMatching(/^pictures-/),
    "within_000005.json",
    "within_000005.safetensors",
  ]);
  expect(notices.at(-1)).toMatch(/^step 5 is saved in .*within_000005\.safetensors: --resume goes on from there$/);
  const steps: number[] = [];
  await run("hook", { onStep: ({ step }) => void steps.push(step) }, true);
  expect(steps).toEqual([6, 7, 8, 9]);
  expect(bytesOf("hook", 9)).toEqual(bytesOf("hook-whole", 9));
});

/** The command line with the tiny network; `before` are words before node, `node` its options. */
function tensorone(words: readonly string[], before: readonly string[] = [], node: readonly string[] = []) {
  const [program, ...rest] = [...before, process.execPath, ...node, wrapper, packageRoot, ...words] as [
    string,
    ...string[],
  ];
  return spawnSync(program, rest, { encoding: "utf8" });
}
const training = (out: string, steps: number): string[] => [
  ...["train", "--model", "mobileone_tiny", "--data", data, "--out", join(root, out), "--image-size", "32"],
  ...["--batch-size", "2", "--epochs", "2", "--lr", "0.01", "--threads", "1", "--workers", "0", "--no-validate"],
  ...["--no-report", "--max-steps", String(steps)],
];
const goOn = (out: string, steps: number) =>
  tensorone(["train", "--resume", join(root, out), "--max-steps", String(steps), "--no-report"]);
const savedIn = (text: string): number => Number(/^step (\d+) is saved in /m.exec(text)?.[1]);

it("where an error outside of the run is caught by nobody", () => {
  const steps = 200;
  expect(tensorone(training("outside-whole", steps))).toMatchObject({ status: 0 });
  const log = join(root, "outside", "log.jsonl");
  // thrown by a timer, once the run has begun
  const program = `import { statSync } from "node:fs";
    const timer = setInterval(() => {
      if (!(statSync(${JSON.stringify(log)}, { throwIfNoEntry: false })?.size > 0)) return;
      clearInterval(timer);
      throw new RangeError("out of sight");
    }, 1);`;
  const ended = tensorone(
    training("outside", steps),
    [],
    [`--import=data:text/javascript,${encodeURIComponent(program)}`],
  );
  expect(ended.status, ended.stderr).toBe(1);
  expect(ended.stdout).toContain("an error outside of the run (out of sight): saving at the end of this step");
  const saved = savedIn(ended.stdout);
  expect(saved).toBeGreaterThan(0);
  expect(saved).toBeLessThan(steps);
  expect(existsSync(join(root, "outside", "run.lock"))).toBe(false);
  expect(goOn("outside", steps)).toMatchObject({ status: 0 });
  expect(bytesOf("outside", steps)).toEqual(bytesOf("outside-whole", steps));
  expect(stepsIn("outside")).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
});

it.skipIf(!hasLimits)("where the log has no room (skipped without prlimit)", () => {
  expect(tensorone(training("log-whole", STEPS))).toMatchObject({ status: 0 });
  const name = `step_${String(STEPS).padStart(6, "0")}.safetensors`;
  const limit = statSync(join(checkpointsOf("log-whole"), name)).size + ROOM_BYTES;
  expect(statSync(join(root, "log-whole", "log.jsonl")).size).toBeGreaterThan(limit);
  const ended = tensorone(training("log", STEPS), ["prlimit", `--fsize=${limit}`]);
  expect(ended.status, ended.stderr).toBe(1);
  expect(ended.stderr).toMatch(/^error: .*EFBIG.*log\.jsonl/);
  const saved = savedIn(ended.stdout);
  expect(saved).toBeGreaterThan(limit / 400);
  expect(goOn("log", STEPS)).toMatchObject({ status: 0 });
  expect(bytesOf("log", STEPS)).toEqual(bytesOf("log-whole", STEPS));
  // the row that found no room is the only one that may be missing
  const rows = stepsIn("log");
  expect(rows.filter((step) => step !== saved)).toEqual(
    Array.from({ length: STEPS }, (_, i) => i + 1).filter((step) => step !== saved),
  );
});
