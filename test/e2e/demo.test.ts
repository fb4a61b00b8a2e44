/** What a newcomer sees: the default run learns from the bundled JPEG files, and what it closes with works when pasted. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { filesIn } from "../train/event-files.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-demo-"));
afterAll(() => rmSync(root, { recursive: true }));

const main = join(import.meta.dirname, "../../dist/cli/main.js");
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const out = join(root, "run");

/** Runs a command with --json and returns its one object. */
async function tensorone(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, "--json"], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it("trains to at least 50 % on ten classes, folds exactly, and can be evaluated again", {
  timeout: 400_000,
}, async () => {
  const run = (await tensorone("train", "--out", out, "--tensorboard")) as {
    validation: { top1: number };
    certificate: { relativeError: number; top1Agreement: number };
    report: string;
  };
  expect(run.validation.top1).toBeGreaterThanOrEqual(50);
  expect(run.certificate.relativeError).toBeLessThanOrEqual(3e-5);
  expect(run.certificate.top1Agreement).toBe(1);
  const log = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
  expect(log.map((line) => (JSON.parse(line) as { kind: string }).kind)).toContain("val");
  expect(existsSync(join(out, "model.safetensors"))).toBe(true);

  // a version, the recipe, and an event for each step and validation
  const [records] = filesIn(join(out, "tensorboard"));
  expect(records!.length).toBe(2 + log.length);
  const page = readFileSync(run.report, "utf8");
  expect(page.length).toBeLessThan(2e6);
  expect(page).toContain("<title>Confusion matrix</title>");
  expect(page.match(/<img /g)!.length).toBeGreaterThan(5);

  // the deploy form, alone in its file, answers as the averaged training form did
  const again = (await tensorone("eval", "--checkpoint", join(out, "model-deploy.safetensors"), "--data", demo)) as {
    top1: number;
  };
  expect(Math.abs(again.top1 - run.validation.top1)).toBeLessThanOrEqual(0.4);
});
