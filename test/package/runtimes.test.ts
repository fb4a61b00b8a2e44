/**
 * The command line of the installed package on every runtime that the registry has, as a new user would call it: ten steps on the
 * demo set, then what one does with a model. On V8 the files that come out are the same bytes.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { placeBits } from "./place-bits.js";
import { missing, run, runtimes, said } from "./programs.js";

const { home, project } = inject("installed");
const picture = join(import.meta.dirname, "..", "..", "demo", "fashion-mnist", "val", "01_trouser", "000.jpg");
const entry = join("node_modules", "tensorone", "bin", "tensorone.js");
const STEPS = 10;
/** JavaScriptCore multiplies and adds with two roundings where V8 has one: the same bits as V8 without that instruction. */
const withoutFma = ["Bun"];
/** Of the first loss, which comes through 44 layers at random weights; measured 2.3e-5. Later ones have nothing in common but their size. */
const FIRST_LOSS_TOLERANCE = 1e-4;

interface Trained {
  readonly losses: readonly number[];
  /** SHA-256 of the averaged weights. */
  readonly weights: string;
}
let bits: string;

beforeAll(() => {
  bits = placeBits(join(home, "bits-of-runtimes"), join(project, "node_modules"));
});

const stepsOf = (program: string, args: readonly string[]): number[] =>
  JSON.parse(said(run(program, args, home), `ten steps on ${program}`)) as number[];

type Runtime = (typeof runtimes)[number];
const folderOf = ({ name }: Runtime): string => name.toLowerCase().replace(" ", "-");
const command = ({ name, program, flags }: Runtime, ...args: string[]): string =>
  said(run(program, [...flags, entry, ...args], project), `${name}: tensorone ${args[0]}`);

/** With --json: nothing but the object on stdout. */
function json(runtime: Runtime, ...args: string[]): Record<string, unknown> {
  const text = command(runtime, ...args, "--json");
  expect(text.trim().split("\n").length).toBe(1);
  return JSON.parse(text) as Record<string, unknown>;
}

const trained = new Map<string, Trained>();
/** Ten steps of the command line on a runtime; run once. */
function trainedOn(runtime: Runtime): Trained {
  const known = trained.get(runtime.name);
  if (known) return known;
  const folder = folderOf(runtime);
  json(runtime, "train", "--max-steps", String(STEPS), "--no-validate", "--threads", "2", "--out", folder);
  const log = readFileSync(join(project, folder, "log.jsonl"), "utf8")
    .trim()
    .split("\n");
  const losses = log.map((line) => JSON.parse(line)).flatMap(({ kind, loss }) => (kind === "train" ? [loss] : []));
  const bytes = readFileSync(join(project, folder, "model.safetensors"));
  const result = { losses, weights: createHash("sha256").update(bytes).digest("hex") };
  trained.set(runtime.name, result);
  return result;
}

describe.each(runtimes)("$name", (runtime) => {
  const { name, program, flags } = runtime;
  const isMissing = missing(program) !== false;

  it.skipIf(isMissing)("train, eval, predict, reparameterize, export", () => {
    expect(trainedOn(runtime).losses.length).toBe(STEPS);
    const folder = folderOf(runtime);
    const model = join(folder, "model.safetensors");
    expect(json(runtime, "eval", "--checkpoint", model).images).toBe(500);
    expect(command(runtime, "predict", "--checkpoint", model, picture)).toContain("trouser");
    const { certificate } = json(runtime, "reparameterize", model, join(folder, "folded.safetensors"));
    expect(certificate).toBeTruthy();
    json(runtime, "export", model, join(folder, "model.onnx"));
    expect(statSync(join(project, folder, "model.onnx")).size).toBeGreaterThan(1e6);
  });

  if (!withoutFma.includes(name))
    it.skipIf(isMissing)("its bits are those of Node 20", () => {
      expect(trainedOn(runtime)).toEqual(trainedOn(runtimes[0]));
    });
  else
    it.skipIf(isMissing)("its bits are those of Node without fused multiply-add", () => {
      const [first, node20] = [trainedOn(runtime).losses[0]!, trainedOn(runtimes[0]).losses[0]!];
      expect(Math.abs(first / node20 - 1)).toBeLessThan(FIRST_LOSS_TOLERANCE);
      const steps = stepsOf(program, [...flags, bits, "steps"]);
      expect(steps).toEqual(stepsOf(runtimes[0].program, [bits, "steps", "no-fma"]));
      expect(steps).not.toEqual(stepsOf(runtimes[0].program, [bits, "steps"]));
    });
});
