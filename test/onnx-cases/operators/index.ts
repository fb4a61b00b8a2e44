/**
 * ONNX's operators over public calls, a chapter a file.
 */
import type { OperatorTable } from "../call.js";
import { activations } from "./activations.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { movement } from "./movement.js";
import { normalisation } from "./normalisation.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";
import { windows } from "./windows.js";

export const operators: OperatorTable = {
  ...activations,
  ...elementwise,
  ...indexing,
  ...movement,
  ...normalisation,
  ...products,
  ...reductions,
  ...windows,
};
