/** The programs of examples/, each with what it must print; networks alone are imported by those. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { packageRoot } from "../docs/blocks.js";
import type { Program } from "../docs/programs.js";

const folder = join(packageRoot, "examples");

/** Every file of the folder. */
export const examplePrograms: readonly Program[] = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({
    name: `examples/${name}`,
    page: `examples/${name}`,
    file: `examples/${name.replace(/\.ts$/, "")}`,
    extension: "ts",
    text: readFileSync(join(folder, name), "utf8"),
    given: [],
    notRun: null,
  }));

/** What is learned shows in the loss: the last one printed is at most `share` of the first. */
function expectLearned(output: string, share: number): void {
  const losses = [...output.matchAll(/^step \d+ {2}loss (\S+)/gm)].map(([, loss]) => Number(loss));
  expect(losses.length).toBeGreaterThan(3);
  expect(losses.at(-1)!).toBeLessThan(share * losses[0]!);
}

/** By program. */
export const checks: Readonly<Record<string, (output: string) => void>> = {
  "linear-regression": (output) => {
    expectLearned(output, 0.01);
    expect(output).toMatch(/slope (2\.9\d|3\.0\d), height -(0\.9\d|1\.0\d)/);
  },
  cnn: (output) => {
    expectLearned(output, 0.5);
    expect(Number(/^(\d+) % of new images/m.exec(output)![1])).toBeGreaterThan(90);
  },
  vae: (output) => {
    expectLearned(output, 0.4);
    // a picture of eight rows, and something bright in it
    expect(output.split("\n").slice(-9, -1).join("\n")).toMatch(/^([ .:#]{8}\n?){8}$/);
    expect(output).toContain("###");
  },
  "char-transformer": (output) => {
    expectLearned(output, 0.1);
    expect(output).toContain("the quick brown fox jumps over the lazy dog.");
  },
  "wandb-logger": (output) => {
    const lines = output.trimEnd().split("\n");
    expect([lines[0], lines.at(-1)]).toEqual(["init tensorone runs/watched", "finish"]);
    const rows = lines.slice(1, -1).map((line) => JSON.parse(line.replace(/^log /, "")) as Record<string, number>);
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3]);
    for (const row of rows) expect(row["train/loss"]).toBeGreaterThan(0);
  },
  dcgan: (output) => expectLearned(output, 0.8),
  torchvision: (output) => {
    // what torchvision's own count
    expect(
      [...output.matchAll(/^(\w+) {2}(\S+) M parameters {2}logits \[1, 1000\]$/gm)].map((m) => m.slice(1)),
    ).toEqual([
      ["mobilenet_v3_small", "2.54"],
      ["convnext_tiny", "28.59"],
      ["vit_tiny", "5.72"],
    ]);
  },
};

/** Files that others import. */
export const modules: readonly string[] = ["convnext-tiny", "mobilenet-v3-small", "vit-tiny"];
