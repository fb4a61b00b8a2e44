/**
 * Against PyTorch itself where a Python with torch is installed: weights of full size that it writes give the same logits
 * here, and what we write gives the same logits there. Without torch the small fixtures of key-maps.test.ts remain.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import type { KeyStyle } from "../../src/models/files/index.js";
import { createModel } from "../../src/models/index.js";
import { saveCheckpoint } from "../../src/train/checkpoints/checkpoint-file.js";
import { loadModelFile } from "../../src/train/checkpoints/model-file.js";
import { randomizeStatistics } from "../models/random-statistics.js";
import { LOGITS_TOLERANCE, logitsOf, relativeError } from "./fixtures.js";
import { askTorch, hasTorch } from "./torch.js";

interface Task {
  readonly path: string;
  readonly variant: string;
  readonly style: KeyStyle;
  readonly deploy: boolean;
  readonly classes: number;
  readonly side: number;
  readonly seed?: number;
}

const side = 64;
const classes = 1000;

/** Has PyTorch write the files, and expects what it says of them. */
async function expectLoaded(tasks: readonly Task[]): Promise<void> {
  const { write } = askTorch<{ write: number[][] }>({ write: tasks });
  for (const [i, { path, variant, style }] of tasks.entries()) {
    const { model, info, origin } = await loadModelFile(path);
    expect([info.model, info.form, info.numClasses, origin.keys]).toEqual([variant, "train", classes, style]);
    expect(relativeError(logitsOf(model, side), write[i]!), path).toBeLessThan(LOGITS_TOLERANCE);
    model.dispose();
  }
}

/** A file of ours, and our logits. */
interface Written {
  readonly task: Task;
  readonly logits: readonly number[];
}

async function writeOurs(task: Task & { readonly seed: number }): Promise<Written> {
  const { path, variant, style, deploy, seed } = task;
  const model = createModel(variant, { numClasses: task.classes, deploy, seed }).eval();
  if (!deploy) randomizeStatistics(model, seed);
  await saveCheckpoint(model, path, { keys: style });
  const logits = logitsOf(model, side);
  model.dispose();
  return { task, logits };
}

/** Has PyTorch read our files, and expects our logits. */
function expectRead(written: readonly Written[]): void {
  const { read } = askTorch<{ read: number[][] }>({ read: written.map(({ task }) => task) });
  for (const [i, { task, logits }] of written.entries())
    expect(relativeError(logits, read[i]!), task.path).toBeLessThan(LOGITS_TOLERANCE);
}

describe.skipIf(!hasTorch)("with PyTorch (skipped where python3 has no torch)", () => {
  let folder = "";
  beforeAll(async () => {
    await setBackend("wasm", { threads: 2 });
    folder = mkdtempSync(join(tmpdir(), "tensorone-torch-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("loads S0, S1 and S4 from files with Apple's and mmpretrain's names, and gives its logits", async () => {
    const tasks = ["mobileone_s0", "mobileone_s1", "mobileone_s4"].flatMap((variant, seed) =>
      (["apple", "mmpretrain"] as const).map((style) => {
        const path = join(folder, `${variant}-${style}.pth`);
        return { path, variant, style, deploy: false, classes, side, seed };
      }),
    );
    await expectLoaded(tasks);
  }, 400_000);

  it("opens what we write, with every set of names, in both forms, and gives our logits", async () => {
    const written: Written[] = [];
    for (const style of ["apple", "mmpretrain", "timm"] as const)
      for (const deploy of [false, true]) {
        const variant = style === "timm" ? "mobileone_s4" : "mobileone_s0";
        // timm's own files are safetensors
        const path = join(folder, `ours-${style}-${deploy}.${style === "timm" ? "safetensors" : "pth"}`);
        written.push(await writeOurs({ path, variant, style, deploy, classes: 10, side, seed: written.length }));
      }
    expectRead(written);
  }, 400_000);

  const families = [
    { variant: "repvgg_a0", style: "repvgg" },
    { variant: "resnet18", style: "torchvision" },
  ] as const;

  it("loads RepVGG-A0 and torchvision's ResNet-18, and gives their logits", async () => {
    const tasks: Task[] = families.map((family, seed) => {
      return { ...family, path: join(folder, `${family.variant}.pth`), deploy: false, classes, side, seed };
    });
    await expectLoaded(tasks);
  }, 400_000);

  it("opens the RepVGG-A0 and ResNet-18 that we write, RepVGG's deploy form too", async () => {
    const written: Written[] = [];
    for (const { variant, style } of families)
      for (const deploy of variant === "resnet18" ? [false] : [false, true]) {
        const path = join(folder, `ours-${variant}-${deploy}.pth`);
        written.push(await writeOurs({ path, variant, style, deploy, classes: 10, side, seed: written.length }));
      }
    expectRead(written);
  }, 400_000);
});
