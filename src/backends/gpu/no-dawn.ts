/**
 * What `#webgpu` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file, and with it
 * leave Dawn's binaries and their node: imports out.
 */
import { BackendError } from "../../util/errors.js";

/** Throws BackendError: only Node has a Dawn to create. */
export function create(): never {
  throw new BackendError(
    "gpu: WebGPU for Node was asked for in a bundle for browsers",
    "bundle for Node with its condition (esbuild --platform=node), or use navigator.gpu",
  );
}
