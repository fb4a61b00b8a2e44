/**
 * ONNX's operators over public calls, a chapter a file.
 */
import type { OperatorTable } from "../call.js";
import { activations } from "./activations.js";
import { algebra } from "./algebra.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { movement } from "./movement.js";
import { normalisation } from "./normalisation.js";
import { products } from "./products.js";
import { recurrentCells } from "./recurrent.js";
import { reductions } from "./reductions.js";
import { sampling } from "./sampling.js";
import { sequences } from "./sequences.js";
import { training } from "./training.js";
import { windows } from "./windows.js";

export const operators: OperatorTable = {
  ...activations,
  ...algebra,
  ...elementwise,
  ...indexing,
  ...movement,
  ...normalisation,
  ...products,
  ...recurrentCells,
  ...reductions,
  ...sampling,
  ...sequences,
  ...training,
  ...windows,
};
