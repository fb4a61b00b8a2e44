/**
 * Tensors in the console of a browser's developer tools: "custom formatters", an interface that Chromium and Firefox share and that
 * their settings turn on.
 */
import { format } from "./print.js";
import { showShape } from "./shape.js";
import { Tensor } from "./tensor.js";

/** An element of the console: a tag, its attributes, its contents. */
type Markup = readonly [tag: string, attributes: object, text: string];

interface DevtoolsFormatter {
  header(value: unknown): Markup | null;
  hasBody(value: unknown): boolean;
  body(value: unknown): Markup | null;
}

const formatter: DevtoolsFormatter = {
  header: (value) => (value instanceof Tensor ? ["span", {}, `tensor ${showShape(value.shape)} ${value.dtype}`] : null),
  hasBody: (value) => value instanceof Tensor,
  body: (value) => (value instanceof Tensor ? ["div", { style: "white-space: pre" }, format(value)] : null),
};

/**
 * Has the developer tools of a browser print tensors, once "custom formatters" are enabled in their settings. Calling it again does
 * nothing.
 */
export function installDevtoolsFormatter(): void {
  const page = globalThis as { devtoolsFormatters?: DevtoolsFormatter[] };
  page.devtoolsFormatters ??= [];
  if (!page.devtoolsFormatters.includes(formatter)) page.devtoolsFormatters.push(formatter);
}
