/**
 * How a tensor looks in a terminal: its numbers while there are few, its corners when there are many.
 */
import { showShape } from "./shape.js";
import type { Tensor } from "./tensor.js";

const EDGE_ITEMS = 3;
const SUMMARY_ABOVE = 1000;

const showNumber = (value: number | boolean | bigint): string =>
  typeof value !== "number" || Number.isInteger(value)
    ? String(value)
    : Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6
      ? value.toExponential(4)
      : value.toFixed(4);

/**
 * Text such as `tensor([[1, 2], [3, 4]], [2, 2] float32)`. Needs a synchronous backend.
 *
 * @example
 * ```ts
 * console.log(format(tensor([[1, 2], [3, 4]])));
 * ```
 */
export function format(tensor: Tensor): string {
  const summarize = tensor.size > SUMMARY_ABOVE;
  const show = (value: unknown, indent: string): string => {
    if (!Array.isArray(value)) return showNumber(value as number | boolean | bigint);
    const cut = summarize && value.length > 2 * EDGE_ITEMS;
    const items = (cut ? [...value.slice(0, EDGE_ITEMS), null, ...value.slice(-EDGE_ITEMS)] : value).map((item) =>
      item === null ? "…" : show(item, `${indent} `),
    );
    return Array.isArray(value[0]) ? `[${items.join(`,\n${indent} `)}]` : `[${items.join(", ")}]`;
  };
  return `tensor(${show(tensor.toArray(), "       ")}, ${showShape(tensor.shape)} ${tensor.dtype})`;
}
