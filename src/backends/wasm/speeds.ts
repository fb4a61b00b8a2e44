/** Speeds of this backend: bench/results/folded-training.json has the steps that they were taken from. */
import type { Speeds } from "../../tensor/speeds.js";

export const wasmSpeeds: Speeds = { products: 22e9, groupedProducts: 14e9, doubleProducts: 9e9, bytes: 12e9 };
