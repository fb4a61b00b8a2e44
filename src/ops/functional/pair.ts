/**
 * One number for both axes, or a number for each.
 */
import type { Pair } from "../spec/index.js";

export const pair = (value: number | Pair): Pair => (typeof value === "number" ? [value, value] : value);
