/**
 * What `#turbo` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file: a turbo that
 * shares modules with the page would part the bundle into files that compress worse, 1.6 KB in all.
 */
import { BackendError } from "../../util/errors.js";

/** Throws BackendError: only Node's V8 has flags that a program sets. */
export function turboWorks(): never {
  throw new BackendError(
    "wasm: turbo was asked for in a bundle for browsers",
    "bundle for Node with its condition (esbuild --platform=node)",
  );
}
