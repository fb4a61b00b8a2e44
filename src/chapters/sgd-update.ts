/**
 * The update of the optimiser SGD, and the door to it.
 */
import * as reference from "../backends/reference/optimizer-updates.js";
import { sgdUpdates } from "../backends/wasm/kernels/sgd.js";
import { installUpdates } from "./install.js";

export const update = installUpdates<"sgd">({ reference: reference.sgdUpdates, wasm: sgdUpdates });
