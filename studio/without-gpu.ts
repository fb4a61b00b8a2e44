/** A plugin for bundles that compute on the processor alone: the other backend, and gpu.js with it, stays out of them. */
import type { Plugin } from "vite";

export const withoutGpu = (): Plugin => ({
  name: "studio-without-gpu",
  enforce: "pre",
  resolveId: (name) => (name.endsWith("/gpu/gpu-backend.js") ? "\0no-gpu" : undefined),
  load: (id) => (id === "\0no-gpu" ? "export const createGpuBackend = null;" : undefined),
});
