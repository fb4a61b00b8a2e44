/**
 * The command line of the installed package on every runtime that the registry has, as a new user would call it: ten steps on the
 * demo set, then what one does with a model. On V8 the files that come out are the same bytes.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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
const trained = new Map<string, Trained>();
let bits: string;

beforeAll(() => {
  bits = placeBits(join(home, "bits-of-runtimes"), join(project, "node_modules"));
});

const stepsOf = (program: string, args: readonly string[]): number[] =>
  JSON.parse(said(run(program, args, home), `ten steps on ${program}`)) as number[];

describe.each(runtimes)("$name", ({ name, program, flags }) => {
  const folder = name.toLowerCase().replace(" ", "-");
  const command = (...args: string[]): string =>
    said(run(program, [...flags, entry, ...args], project), `${name}: tensorone ${args[0]}`);
  const json = (...args: string[]): Record<string, unknown> => {
    const text = command(...args, "--json");
    // nothing but the object on stdout
    expect(text.trim().split("\n").length).toBe(1);
    return JSON.parse(text) as Record<string, unknown>;
  };

  it.skipIf(missing(program) !== false)("train, eval, predict, reparameterize, export", () => {
    json("train", "--max-steps", String(STEPS), "--no-validate", "--threads", "2", "--out", folder);
    const log = readFileSync(join(project, folder, "log.jsonl"), "utf8")
      .trim()
      .split("\n");
    const losses = log.map((line) => JSON.parse(line)).flatMap(({ kind, loss }) => (kind === "train" ? [loss] : []));
    expect(losses.length).toBe(STEPS);
    const bytes = readFileSync(join(project, folder, "model.safetensors"));
    trained.set(name, { losses, weights: createHash("sha256").update(bytes).digest("hex") });

    const model = join(folder, "model.safetensors");
    const { images } = json("eval", "--checkpoint", model);
    expect(images).toBe(500);
    expect(command("predict", "--checkpoint", model, picture)).toContain("trouser");
    const { certificate } = json("reparameterize", model, join(folder, "folded.safetensors"));
    expect(certificate).toBeTruthy();
    json("export", model, join(folder, "model.onnx"));
    expect(readFileSync(join(project, folder, "model.onnx")).length).toBeGreaterThan(1e6);
  });

  it.skipIf(missing(program) !== false)(
    withoutFma.includes(name)
      ? "its bits are those of Node without fused multiply-add"
      : "its bits are those of Node 20",
    () => {
      const [node20, own] = [trained.get("Node 20")!, trained.get(name)!];
      if (!withoutFma.includes(name)) {
        expect(own).toEqual(node20);
        return;
      }
      expect(Math.abs(own.losses[0]! / node20.losses[0]! - 1)).toBeLessThan(FIRST_LOSS_TOLERANCE);
      const steps = stepsOf(program, [...flags, bits, "steps"]);
      expect(steps).toEqual(stepsOf(runtimes[0].program, [bits, "steps", "no-fma"]));
      expect(steps).not.toEqual(stepsOf(runtimes[0].program, [bits, "steps"]));
    },
  );
});
