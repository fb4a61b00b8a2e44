/** The parts of `measure`, the most valuable first: where time ends early, the last ones are missing. */
import type { Part } from "./part.js";

export const parts = {
  device: {
    title: "Adapter, limits and features",
    minutes: 1,
    run: async (telling) => (await import("./parts/device.js")).run(telling),
  },
  "self-tests": {
    title: "Self-tests on the device",
    minutes: 3,
    run: async (telling) => (await import("./parts/self-tests.js")).run(telling),
  },
  train: {
    title: "S0's training step by batch size",
    minutes: 8,
    run: async (telling) => (await import("./parts/steps.js")).train(telling),
  },
  products: {
    title: "Matrix products beside the device's own peaks",
    minutes: 4,
    run: async (telling) => (await import("./parts/products.js")).run(telling),
  },
  profile: {
    title: "A training step op by op",
    minutes: 4,
    run: async (telling) => (await import("./parts/steps.js")).profile(telling),
  },
  deploy: {
    title: "Deploy inference of S0",
    minutes: 3,
    run: async (telling) => (await import("./parts/steps.js")).deploy(telling),
  },
  pytorch: {
    title: "The same step in PyTorch on the same card, by turns",
    minutes: 8,
    run: async (telling) => (await import("./parts/pytorch.js")).run(telling),
  },
  conformance: {
    title: "A short conformance grid against the reference backend",
    minutes: 5,
    run: async (telling) => (await import("./parts/conformance.js")).run(telling),
  },
  agreement: {
    title: "20 steps of S0 on the demo set beside the wasm backend",
    minutes: 6,
    run: async (telling) => (await import("./parts/agreement.js")).run(telling),
  },
  models: {
    title: "Training steps of S1 to S4",
    minutes: 8,
    run: async (telling) => (await import("./parts/steps.js")).models(telling),
  },
  memory: {
    title: "Memory: what the engine holds and what the device gives",
    minutes: 4,
    run: async (telling) => (await import("./parts/memory.js")).run(telling),
  },
  enqueue: {
    title: "Host time per op",
    minutes: 3,
    run: async (telling) => (await import("./parts/enqueue.js")).run(telling),
  },
  scaling: {
    title: "The processor's own scaling: S0's step on the wasm backend",
    minutes: 8,
    run: async (telling) => (await import("./parts/scaling.js")).run(telling),
  },
} as const satisfies { readonly [name: string]: Part };

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];
