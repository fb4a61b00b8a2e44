/**
 * Starts the engine. The worker imports parts of the library and not its entry, so that what it does not compute with stays out; what the
 * entry installs is installed here.
 */
import "../../src/ops/methods.js";
import "../../src/autograd/backward.js";
import { installAutograd } from "../../src/autograd/tape.js";
import { setBackend } from "../../src/backends/backend.js";
import type { Machine } from "../protocol.js";

/** Waits until all its threads answer. */
export async function startEngine({ threads }: Machine): Promise<void> {
  installAutograd();
  await setBackend("wasm", { threads });
}
