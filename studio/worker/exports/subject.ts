/** What is taken away: a project's model as it stands, what it is for, and the pictures that a file is checked with. */
import type { Image } from "../../../src/data/codecs/image.js";
import type { Classifier } from "../../../src/models/index.js";
import type { Recipe } from "../../../src/models/recipe.js";
import type { UPlotAssets } from "../../../src/report/page/uplot.js";
import type { PixelChain } from "../../../src/train/checkpoints/model-bytes.js";
import type { BaseInfo, CurvePoint, Side } from "../../protocol.js";

/** A picture of the project as the project keeps it, before the recipe's resize and crop. */
export interface SubjectPicture {
  readonly name: string;
  /** Index into `classes`; null: nobody has said. */
  readonly class: number | null;
  readonly side: Side | null;
  image(): Image | Promise<Image>;
}

/** A project as its exports see it. */
export interface ExportSubject {
  /** Becomes the name of files. */
  readonly project: string;
  /** The whole network in either form; its mode is put back. */
  readonly model: Classifier;
  /** In the order of the logits. */
  readonly classes: readonly string[];
  /** `evalSize` and `evalResize` are how the model sees the kept pictures. */
  readonly images: Recipe["images"];
  readonly pixels: PixelChain;
  readonly pictures: readonly SubjectPicture[];
  /** Trainings so far, for the report. */
  readonly curve: readonly CurvePoint[];
  readonly base: BaseInfo | null;
  /** What trained, in words: "wasm, 2 threads". */
  readonly machine: string;
}

/** Where the pieces of files that lie beside the worker come from. */
export interface Site {
  /** The page of `html` before it has a model. */
  page(): Promise<string>;
  /** What draws the curves of `report`. */
  uplot(): Promise<UPlotAssets>;
}

/** A name that any file system takes. */
export function fileName(project: string, ending: string): string {
  const plain = project
    .normalize("NFC")
    .replace(/[^\p{Letter}\p{Number}_-]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return `${plain.slice(0, 60) || "model"}${ending}`;
}
