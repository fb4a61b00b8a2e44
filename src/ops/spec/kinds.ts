/**
 * What a row of a table of ops is made of, and attributes that several chapters share.
 */
import type { Shape } from "../../tensor/shape.js";

export type NoAttrs = Readonly<Record<string, never>>;
export type Pair = readonly [h: number, w: number];
/** Padding below and to the right of an image where it differs from that above and to the left of it, `padding`. */
export interface EndPadding {
  readonly paddingEnd?: Pair;
}
export interface AxisAttrs {
  readonly axis: number;
}
export interface InputShape {
  readonly inputShape: Shape;
}

export type Spec<Inputs extends readonly string[], Attrs = NoAttrs, Outputs extends readonly string[] = ["y"]> = {
  inputs: Inputs;
  attrs: Attrs;
  outputs: Outputs;
};

/** One T per member of a tuple. */
export type Each<Tuple extends readonly unknown[], T> = { readonly [I in keyof Tuple]: T };
