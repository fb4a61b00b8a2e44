/**
 * The updates of the optimisers Adam and AdamW, and the door to them.
 */
import * as reference from "../backends/reference/optimizer-updates.js";
import { adamUpdates } from "../backends/wasm/kernels/adam.js";
import { installUpdates } from "./install.js";

export const update = installUpdates<"adam" | "amsgrad">({ reference: reference.adamUpdates, wasm: adamUpdates });
