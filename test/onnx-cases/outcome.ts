/**
 * What becomes of a case on the backend in use: right, wrong with the first difference, or not expressible with the reason.
 */
import { getBackend, noGrad, scope, type Tensor } from "../../src/index.js";
import type { Edge } from "./call.js";
import type { Case } from "./cases.js";
import { elementType, storedValue, Value, valuesOf } from "./elements.js";
import { casesAtOdds, Inexpressible } from "./inexpressible.js";
import {
  decodeModel,
  decodeOptional,
  decodeSequence,
  decodeTensor,
  type TensorProto,
  type TypeProto,
} from "./messages.js";
import { operators } from "./operators/index.js";
import { runModel } from "./run-model.js";

export interface Outcome {
  readonly name: string;
  readonly verdict: "right" | "wrong" | "not expressible";
  /** The difference, or the reason. */
  readonly why: string;
}

interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}
const exact: Tolerance = { relative: 0, absolute: 0 };
const single: Tolerance = { relative: 1e-5, absolute: 1e-7 };
/** By the name of the stored type; what is not listed is compared exactly. ONNX's own runner takes 1e-3 and 1e-7 for all. */
const tolerances: { readonly [type: string]: Tolerance } = {
  float32: single,
  float64: { relative: 1e-10, absolute: 1e-12 },
};
/** Cases whose stored numbers are less than they could be. */
export const looser: readonly { readonly names: RegExp; readonly tolerance: Tolerance; readonly why: string }[] = [
  {
    names: /^test_(blackman|hamming|hann)window/,
    tolerance: { relative: 1e-3, absolute: 1e-7 },
    why: "made with 3.1415 for π",
  },
  {
    names: /^test_(gridsample|roialign)/,
    tolerance: { relative: 1e-5, absolute: 1e-4 },
    why: "inputs and results are written with four digits",
  },
];

const LARGEST_SINGLE = 3.4028234663852886e38;

/** The first difference, or null. */
function differenceOf(actual: Tensor, expected: TensorProto, test: string): string | null {
  const { name, dtype } = elementType(Number(expected.dataType));
  const dims = expected.dims.map(Number);
  if (`${actual.shape}` !== `${dims}`) return `shape [${actual.shape}], expected [${dims}]`;
  if (actual.dtype !== dtype) return `dtype ${actual.dtype}, expected ${dtype} for ${name}`;
  // float64 is stored there, and computed with as float32
  const isNarrow = name === "float64" && getBackend().name === "gpu";
  const { relative, absolute } =
    looser.find(({ names }) => names.test(test))?.tolerance ?? (isNarrow ? single : (tolerances[name] ?? exact));
  const values = actual.dataSync();
  for (const [i, want] of valuesOf(expected).entries()) {
    const got = Number(values[i]);
    if (Object.is(got, want) || got === want) continue;
    if (isNarrow && Number.isFinite(want) && Math.abs(want) > LARGEST_SINGLE)
      throw new Inexpressible("float64 beyond the range of float32, in which the gpu backend computes");
    if (Math.abs(got - want) <= absolute + relative * Math.abs(want)) continue;
    return `value ${i} is ${got}, expected ${want}`;
  }
  return null;
}

function readEdge(bytes: Uint8Array, type: TypeProto): Edge {
  if (type.sequenceType) return decodeSequence(bytes).tensorValues.map(storedValue);
  if (!type.optionalType) return storedValue(decodeTensor(bytes));
  const { tensorValue, sequenceValue } = decodeOptional(bytes);
  if (sequenceValue) return sequenceValue.tensorValues.map(storedValue);
  return tensorValue ? storedValue(tensorValue) : null;
}

/** The stored tensors of an output. */
function storedTensors(bytes: Uint8Array, type: TypeProto): readonly TensorProto[] {
  if (type.sequenceType) return decodeSequence(bytes).tensorValues;
  if (!type.optionalType) return [decodeTensor(bytes)];
  const { tensorValue, sequenceValue } = decodeOptional(bytes);
  return sequenceValue?.tensorValues ?? (tensorValue ? [tensorValue] : []);
}

function compareEdges(
  edges: readonly Edge[],
  { name: test, outputs }: Case,
  types: readonly TypeProto[],
): string | null {
  for (const [i, bytes] of outputs.entries()) {
    const expected = storedTensors(bytes, types[i]!);
    const edge = edges[i] ?? null;
    const actual = edge instanceof Value ? [edge] : (edge ?? []);
    if (actual.length !== expected.length)
      return `output ${i} holds ${actual.length} tensors, expected ${expected.length}`;
    for (const [k, proto] of expected.entries()) {
      const difference = differenceOf(actual[k]!.tensor, proto, test);
      if (difference) return `output ${i}: ${difference}`;
    }
  }
  return null;
}

/** Runs a case and compares it. */
export function judge(test: Case): Outcome {
  const odd = casesAtOdds.get(test.name);
  if (odd) return { name: test.name, verdict: "not expressible", why: odd };
  try {
    const model = decodeModel(test.model);
    const difference = noGrad(() =>
      scope(() => {
        const withoutValue = model.graph.input.filter(
          ({ name }) => !model.graph.initializer.some((proto) => proto.name === name),
        );
        const inputs = test.inputs.map((bytes, i) => readEdge(bytes, withoutValue[i]!.type));
        const types = model.graph.output.map(({ type }) => type);
        return { difference: compareEdges(runModel(model, inputs, operators), test, types) };
      }),
    ).difference;
    return { name: test.name, verdict: difference ? "wrong" : "right", why: difference ?? "" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name: test.name, verdict: error instanceof Inexpressible ? "not expressible" : "wrong", why };
  }
}
