/**
 * What a model costs, read off its structure without running it: parameters, multiply-adds, elements, layer by layer and
 * in both forms. The rows are the family's.
 */
import { ShapeError } from "../../util/errors.js";
import type { Classifier } from "../classifier.js";
import { familyOf, familyOfClassifier } from "../families.js";
import { type Costs, type SummaryRow, sumCosts } from "./costs.js";

/** The table of a model's parts with its totals. */
export interface Summary {
  readonly imageSize: readonly [h: number, w: number];
  readonly rows: readonly SummaryRow[];
  readonly totals: { readonly train: Readonly<Costs>; readonly deploy: Readonly<Costs> };
}

/** The image size and the number of classes that a summary counts for. */
export interface SummaryOptions {
  /** One side of a square image, or [H, W]. Default 224. */
  readonly imageSize?: number | readonly [h: number, w: number];
  /** Default 1000, or the model's own. */
  readonly numClasses?: number;
}

/**
 * The table and totals of a model or a registered name. Throws ShapeError for an image size below 1, UsageError for an unknown name.
 *
 * @example
 * ```ts
 * const { totals } = models.summarize("mobileone_s0", { imageSize: 224 });
 * console.log(totals.deploy.parameters);
 * ```
 */
export function summarize(target: Classifier | string, options: SummaryOptions = {}): Summary {
  const isName = typeof target === "string";
  const { imageSize = 224, numClasses = isName ? 1000 : target.numClasses } = options;
  const family = isName ? familyOf(target) : familyOfClassifier(target);
  const variant = isName ? family.variants[target]! : target.variant;
  const size = typeof imageSize === "number" ? ([imageSize, imageSize] as const) : imageSize;
  if (size.some((side) => !Number.isInteger(side) || side < 1))
    throw new ShapeError(`summarize: image size ${size.join("x")}, expected positive integers`);
  const rows = family.summaryRows(variant, { size, numClasses, inChannels: isName ? 3 : target.inChannels });
  return {
    imageSize: size,
    rows,
    totals: { train: sumCosts(rows.map((row) => row.train)), deploy: sumCosts(rows.map((row) => row.deploy)) },
  };
}
