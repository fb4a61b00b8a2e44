/**
 * What a rule of output shapes is.
 */
import type { Shape } from "../../tensor/shape.js";
import type { Attrs, OpName, PerInput, PerOutput } from "../spec/index.js";

export type ShapeRule<K extends OpName> = (shapes: PerInput<K, Shape>, attrs: Attrs<K>) => PerOutput<K, Shape>;
