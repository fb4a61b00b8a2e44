/**
 * What layers are given, checked where it is given: options that were meant to be PyTorch's positional arguments, and images in
 * PyTorch's order of axes.
 */
import { type Shape, showShape } from "../tensor/shape.js";
import { ShapeError, UsageError } from "../util/errors.js";

/** Throws UsageError where the last argument of a layer is no object. */
export function expectOptions(layer: string, options: unknown, example: string): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw new UsageError(
    `${layer}: the options are ${Array.isArray(options) ? "a list" : options === null ? "null" : `a ${typeof options}`}, expected an object`,
    example,
  );
}

/** Throws UsageError for a count that is not an integer of at least `least`. */
export function expectCount(layer: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${layer}: ${name} is ${value}, expected an integer of at least ${least}`);
}

/** Throws ShapeError for images that have their channels on the second axis instead of the last. */
export function expectChannelsLast(layer: string, shape: Shape, channels: number): void {
  if (shape.length < 3 || shape.at(-1) === channels || shape[1] !== channels) return;
  const perm = [0, ...shape.slice(2).map((_, i) => i + 2), 1];
  throw new ShapeError(
    `${layer}: the input ${showShape(shape)} has ${shape.at(-1)} channels on its last axis, expected ${channels}`,
    `channels come last here, [N, H, W, C]: x.transpose(${showShape(perm)})`,
  );
}
