/** Every function that is compared with PyTorch, a chapter a file. */
import type { Row } from "../case.js";
import { attentionLayers } from "./attention-layers.js";
import { activations, elementwise } from "./elementwise.js";
import { layers } from "./layers.js";
import { losses } from "./losses.js";
import { indexing, movement } from "./movement.js";
import { normalisation } from "./normalisation.js";
import { lossLayers, plainLayers } from "./plain-layers.js";
import { products, windows } from "./products.js";
import { reductions } from "./reductions.js";

export const rows: Readonly<Record<string, Row>> = {
  ...elementwise,
  ...activations,
  ...reductions,
  ...movement,
  ...indexing,
  ...products,
  ...windows,
  ...normalisation,
  ...losses,
  ...layers,
  ...attentionLayers,
  ...plainLayers,
  ...lossLayers,
};
