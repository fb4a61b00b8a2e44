/**
 * Why a case cannot be said in public calls: by element type, by operator, or by an option that a row of the table refuses.
 */

/** Thrown where public calls cannot say what a node asks for. */
export class Inexpressible extends Error {}

/** Element types without a dtype here, by their code in TensorProto.DataType. */
export const typesWithoutDType: ReadonlyMap<number, string> = new Map([
  [8, "strings: no dtype"],
  [10, "float16: no dtype"],
  [16, "bfloat16: no dtype"],
]);

const RANDOM = "random numbers: the stored ones are of another generator";
const COUNTED = "unique() is asynchronous, without axis and first positions";
const COMPLEX = "complex numbers: no dtype";
const BOXES = "boxes: a greedy choice, one box after the other";
const GRADIENT = "an operator whose attribute is the graph around it";

/** Operators that have no row, and why. */
export const reasons: { readonly [opType: string]: string } = {
  Bernoulli: RANDOM,
  RandomUniformLike: RANDOM,
  TfIdfVectorizer: "text: counts of n-grams",
  NonMaxSuppression: BOXES,
  Unique: COUNTED,
  Gradient: GRADIENT,
  DFT: COMPLEX,
  STFT: COMPLEX,
  MelWeightMatrix: "audio: a table of filters, made number by number",
};

/** Cases whose stored numbers are of another model than the one that is stored with them. */
export const casesAtOdds: ReadonlyMap<string, string> = new Map([
  ["test_adam_multiple", "the stored numbers are made with epsilon 0.01, which the model does not say"],
]);
