/** Facts of a run that never was, all there, with texts that try to be HTML. */

import { createImage } from "../../src/data/codecs/image.js";
import { summarize } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import type { RunFacts } from "../../src/report/facts/run-facts.js";

/** What a class, a path and a line may be called. */
export const hostile = `<script>alert("x")</script>`;
export const quoted = `it's "here" & <b>there</b>`;
const classes = [hostile, quoted, "plain"];

export const facts = (changes: Partial<RunFacts> = {}): RunFacts => ({
  name: quoted,
  folder: `/runs/${quoted}`,
  checkpoint: {
    format: "tensorone-checkpoint-1",
    tensors: "epoch_002.safetensors",
    sha256: "",
    progress: { step: 100, epoch: 2, stepInEpoch: 0 },
    ema: { steps: 100 },
    optimizer: { kind: "sgd", parameters: 1 },
    recipe: { ...mobileoneS0Demo, name: hostile, source: quoted, plan: "whole" },
    seed: 3,
    replicas: 2,
    numClasses: classes.length,
    classes,
    trainImages: 60,
    decoder: "jpeg-js",
  },
  published: mobileoneRecipe("mobileone_s0", "intended"),
  command: { value: `train --data '${quoted}' ${hostile}` },
  sessions: [
    {
      startedAt: "2026-11-27T02:00:00.000Z",
      startStep: 0,
      endStep: 100,
      seconds: 75,
      cpu: hostile,
      cores: 2,
      memoryBytes: 2 ** 34,
      system: "linux 6 x64",
      node: "v20.20.2",
      backend: "wasm x2",
      decoder: "jpeg-js",
      replicas: 2,
      processes: 2,
      transport: "sockets",
      data: "/data",
      trainImages: 60,
      valImages: 30,
      stepsPerEpoch: 50,
      totalSteps: 100,
    },
  ],
  log: {
    value: {
      points: Array.from({ length: 100 }, (_, i) => ({
        step: i + 1,
        elapsedMs: 600 * (i + 1),
        epoch: Math.floor(i / 50) + 1,
        values: { loss: 3 - i / 50, lr: 0.02, weightDecay: 1e-4, imagesPerSecond: 200, dataWait: 0.02 },
      })),
      validations: [
        {
          step: 50,
          epoch: 1,
          elapsedMs: 30_000,
          figures: { top1: 40, top5: 90, loss: 2, rawTop1: 41, rawTop5: 91, rawLoss: 2.1 },
        },
        {
          step: 100,
          epoch: 2,
          elapsedMs: 60_000,
          figures: { top1: 60, top5: 95, loss: 1.5, rawTop1: 59, rawTop5: 94, rawLoss: 1.6 },
        },
      ],
      steps: 100,
      lastStep: 100,
      lastEpoch: 2,
      lastLoss: 1.02,
      stepMs: 60_000,
    },
  },
  data: {
    value: {
      root: `/data/${quoted}`,
      classes,
      splits: [
        { split: "train", images: 60, counts: [40, 20, 0] },
        { split: "val", images: 30, counts: [10, 19, 1] },
      ],
    },
  },
  answers: {
    value: {
      file: "best.safetensors",
      split: "val",
      measured: 30,
      available: 300,
      unread: [`${hostile}.png: no picture`],
      top1: 60,
      top5: 100,
      loss: 1.5,
      classes: classes.map((label, i) => ({ label, precision: 0.5, recall: 0.6, f1: 0.55, support: 10 - i })),
      macro: { precision: 0.5, recall: 0.6, f1: 0.55 },
      balancedAccuracy: 0.6,
      confusion: '<svg role="img" width="10" height="10"><title>confusion</title></svg>',
      mistakes: [
        {
          path: `val/${quoted}/${hostile}.png`,
          label: hostile,
          predicted: quoted,
          score: 0.9,
          labelScore: 0.05,
          picture: createImage(4, 4),
          heat: null,
        },
        { path: "gone.png", label: "plain", predicted: quoted, score: 0.8, labelScore: 0.1, picture: null, heat: null },
      ],
    },
  },
  certificate: {
    value: {
      maxAbsError: 1e-6,
      relativeError: 2e-7,
      blocks: [{ name: hostile, maxAbsError: 1e-6, relativeError: 3e-7 }],
      top1Agreement: 1,
      probeShape: [8, 32, 32, 3],
      train: { parameters: 2, macs: 2 } as never,
      deploy: { parameters: 1, macs: 1 } as never,
    },
  },
  costs: { value: summarize("mobileone_s0", { numClasses: 3, imageSize: 32 }).totals },
  imageSize: 32,
  files: [{ path: `${quoted}.onnx`, bytes: 1000, what: "an exported model" }],
  ...changes,
});
