/** Run folders as training leaves them, without training. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface MadeRun {
  readonly steps: number;
  readonly stepsPerEpoch?: number;
  readonly lr?: number;
  readonly seed?: number;
  /** Added to every loss. */
  readonly loss?: number;
  /** Added to every accuracy, percent. */
  readonly top1?: number;
}

export const stepLine = (step: number, { stepsPerEpoch = 10, lr = 0.1, loss = 0 }: Partial<MadeRun> = {}): string =>
  `${JSON.stringify({
    kind: "train",
    epoch: Math.ceil(step / stepsPerEpoch),
    step,
    loss: loss + 1 + 2 / step,
    lr,
    weightDecay: 1e-4,
    imagesPerSecond: 100,
    dataWait: 0.01,
    stepMs: 20,
  })}\n`;

export const validationLine = (epoch: number, top1: number): string =>
  `${JSON.stringify({ kind: "val", epoch, top1, top5: 100, loss: 1.5 })}\n`;

export function logText({ steps, stepsPerEpoch = 10, top1 = 0, ...rest }: MadeRun): string {
  let text = "";
  for (let step = 1; step <= steps; step++) {
    text += stepLine(step, { stepsPerEpoch, ...rest });
    if (step % stepsPerEpoch === 0) text += validationLine(step / stepsPerEpoch, Math.min(99, step / 2) + top1);
  }
  return text;
}

/** A finished run in `folder`. */
export function makeRun(folder: string, made: MadeRun): void {
  const { steps, stepsPerEpoch = 10, lr = 0.1, seed = 0 } = made;
  mkdirSync(folder, { recursive: true });
  const json = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  const recipe = { name: "made", model: "mobileone_s0", epochs: Math.ceil(steps / stepsPerEpoch) };
  json("recipe.json", { ...recipe, optimizer: { kind: "sgd", lr }, run: { seed, data: "pictures" } });
  json("machine.json", {
    format: "tensorone-machine-1",
    sessions: [
      {
        startedAt: "2026-11-01T10:00:00.000Z",
        startStep: 0,
        endStep: steps,
        seconds: 10,
        cpu: "made",
        cores: 2,
        memoryBytes: 2 ** 32,
        system: "made",
        node: "v20",
        backend: "wasm x2",
        decoder: "jpeg-js",
        replicas: 1,
        processes: 1,
        transport: "none",
        data: "/pictures",
        trainImages: 320,
        valImages: 80,
        stepsPerEpoch,
        totalSteps: steps,
      },
    ],
  });
  writeFileSync(join(folder, "log.jsonl"), logText(made));
  writeFileSync(join(folder, "model.safetensors"), "");
}

export const append = (folder: string, text: string): void => appendFileSync(join(folder, "log.jsonl"), text);
