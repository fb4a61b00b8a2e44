/** What an exported page carries: its model's bytes and how pictures become the model's input. The page reads it, and so does the check before the download. */
import { applyTransform, decodeModelFile } from "tensorone";
import type { Image } from "../../src/data/codecs/image.js";
import { fromBase64 } from "../../src/util/base64.js";
import type { Asked } from "../worker/exports/look.js";

/** As JSON in the page. */
export interface PageModel {
  readonly title: string;
  /** Of the network, for people. */
  readonly network: string;
  readonly classes: readonly string[];
  readonly imageSize: number;
  readonly resizeSize: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Larger pictures are resized to this short side first; null: no such step. */
  readonly keptSide: number | null;
  /** Larger pictures are resized to this short side by the browser's filter before that; absent: no such step. */
  readonly betweenSide?: number;
  /** In words. */
  readonly decoder: string;
  readonly resize: string;
}

/** Ids of the elements that hold them. */
export const places = { model: "model", weights: "weights" } as const;

export interface OpenedPage {
  readonly about: PageModel;
  readonly asked: Asked;
  readonly loaded: ReturnType<typeof decodeModelFile>;
}

/** Throws CheckpointError for weights that are no model. */
export function openPage(json: string, base64: string): OpenedPage {
  const about = JSON.parse(json) as PageModel;
  const loaded = decodeModelFile(fromBase64(base64.trim()), "the page's model");
  const { imageSize, resizeSize, mean, std, classes } = about;
  const asked: Asked = {
    classes,
    imageSize,
    resizeSize,
    normalization: { mean, std },
    run: (x) => loaded.model.forward(x),
  };
  return { about, asked, loaded };
}

/** A picture as the project kept those that it learnt from. */
export function keptOf(image: Image, { keptSide }: Pick<PageModel, "keptSide">): Image {
  if (keptSide === null || Math.min(image.width, image.height) <= keptSide) return image;
  return applyTransform([{ kind: "resizeShortSide", size: keptSide, filter: "bilinear" }], image);
}
