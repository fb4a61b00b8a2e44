/** What a trainer tells its loggers, made up: a run of two epochs whose loss falls by a hundredth a step. */
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { RunInfo, StepInfo, ValidationInfo } from "../../src/train/loggers/events.js";

export const stepsPerEpoch = 50;

export const run = (changes: Partial<RunInfo> = {}): RunInfo => ({
  recipe: mobileoneS0Demo,
  model: "mobileone_s0",
  parameters: 5_293_272,
  deployParameters: 2_078_504,
  numClasses: 10,
  trainImages: 1600,
  valImages: 500,
  stepsPerEpoch,
  epochs: 2,
  totalSteps: 2 * stepsPerEpoch,
  startStep: 0,
  replicas: 1,
  processes: 1,
  transport: "one process",
  backend: "wasm x2",
  decoder: "jpeg-js",
  seed: 0,
  out: "runs/x",
  data: "demo",
  ...changes,
});

export const stepAt = (step: number): StepInfo => ({
  epoch: Math.floor((step - 1) / stepsPerEpoch) + 1,
  step,
  stepInEpoch: ((step - 1) % stepsPerEpoch) + 1,
  loss: 2.3 - step / 100,
  lr: 0.05,
  weightDecay: 1e-4,
  accuracy: 0.25,
  imagesPerSecond: 212,
  dataWait: 0.03,
  stepMs: 150,
});

export const validationAt = (step: number): ValidationInfo => ({
  epoch: Math.ceil(step / stepsPerEpoch),
  step,
  top1: 52.34,
  top5: 95,
  loss: 1.25,
  images: 500,
  imagesPerSecond: 500,
});
