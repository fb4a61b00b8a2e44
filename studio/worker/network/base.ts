/** What the features come from: the demo set's weights, which lie beside the worker, or a file that was dropped. */

import type { Classifier } from "../../../src/models/index.js";
import { familyOf } from "../../../src/models/index.js";
import type { Recipe } from "../../../src/models/recipe.js";
import { decodeModelFile } from "../../../src/train/checkpoints/model-bytes.js";
import type { BaseInfo } from "../../protocol.js";
import { demoBase } from "./demo-base.js";

/** A base, ready to be looked through. */
export interface Base {
  readonly info: BaseInfo;
  /** In either form. */
  readonly model: Classifier;
  readonly images: Recipe["images"];
}

/** Throws CheckpointError and StateDictError for bytes that are no model. */
export function baseOf(bytes: Uint8Array, fileName: string | null): Base {
  const { model, info } = decodeModelFile(bytes, fileName ?? "the studio's base");
  const images = info.images ?? familyOf(info.model).recipe(info.model, "intended").images;
  if (fileName === null) return { model, images, info: demoBase };
  const note = `Has learnt ${info.numClasses} classes; they give place to yours.`;
  return { model, images, info: { name: fileName, model: info.model, imageSize: images.evalSize, note } };
}

/** The bytes of the demo set's weights. */
export async function demoBytes(): Promise<Uint8Array> {
  const response = await fetch(new URL("../../base/demo.safetensors", import.meta.url));
  if (!response.ok) throw new Error(`the base weights answer ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
