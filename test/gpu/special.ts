/**
 * The special values on the gpu backend: what failed at the other backends' bounds passes if WGSL's stated bounds allow
 * it, if the device took a denormal operand for zero, which WGSL allows, or if a row of `differences` names it.
 */
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import {
  describeFailure,
  isSameClass,
  type Place,
  runSpecial,
  type SpecialResult,
  specialFailures,
} from "../conformance/special.js";
import type { SpecialCase } from "../golden/numbers/special-values.js";
import { gradientBound, outputBound } from "./wgsl-bounds.js";

/** Of a finite value, as on reference and wasm. */
const MAX_ULPS = 4;
const SMALLEST_NORMAL = 2 ** -126;

const isDenormal = (v: number): boolean => v !== 0 && Math.abs(v) < SMALLEST_NORMAL;
const flush = (v: number): number => (isDenormal(v) ? 0 * v : v);

/** Where the device's answer is another than PyTorch's, with the reason. */
const differences: readonly {
  readonly op: string;
  readonly reason: string;
  readonly covers: (place: Place) => boolean;
}[] = [
  {
    op: "conv2d",
    reason: "a float32 sum of numbers near 3e38 passes ∞ or not by the order of its terms, which each backend chooses",
    covers: ({ actual, expected }) => !Number.isFinite(actual) && Math.abs(expected) > 1e38,
  },
  {
    op: "pow",
    reason: "its gradients, b · a^(b − 1) and y · log a, have a factor that may be denormal, and so 0",
    covers: ({ special, kind, element, actual, expected }) => {
      const largest = Math.max(Math.abs(special.inputs[1]!.values[element]!), Math.log(2 ** 128));
      return kind === "gradients" && actual === 0 && Math.abs(expected) < SMALLEST_NORMAL * largest;
    },
  },
  {
    op: "erf",
    reason: "its gradient is 2 / √π, which is below 2, times e^(−x²), which may be denormal, and so 0",
    covers: ({ kind, actual, expected }) =>
      kind === "gradients" && actual === 0 && Math.abs(expected) < SMALLEST_NORMAL * 2,
  },
  {
    op: "tanh",
    reason: "its gradient is 4 times a product that may be denormal, and so 0",
    covers: ({ kind, actual, expected }) =>
      kind === "gradients" && actual === 0 && Math.abs(expected) < SMALLEST_NORMAL * 4,
  },
];

function isWithinWgsl({ special, kind, result, element, actual, expected }: Place): boolean {
  if (!isSameClass(actual, expected)) return false;
  const [x = Number.NaN, y = Number.NaN] = special.inputs.map(({ values }) => values[element % values.length]!);
  const n = special.inputs[0]!.shape[(special.attrs.axis as number | undefined) ?? 1] ?? 1;
  const { beta = 1, inputScale = 1 } = special.attrs as { readonly beta?: number; readonly inputScale?: number };
  const at = { x, y, scale: beta * inputScale, n, expected };
  const bound = kind === "outputs" ? outputBound(special.op, at) : gradientBound(special.op, result, at);
  return Math.abs(actual - expected) <= bound;
}

/** The same case, its denormal operands zeros. */
function flushed(special: SpecialCase): SpecialCase {
  const lists = <T extends readonly (readonly number[] | null)[]>(all: T) =>
    all.map((values) => values?.map(flush) ?? null);
  return {
    ...special,
    inputs: special.inputs.map((input) => ({ ...input, values: input.values.map(flush) })),
    ...(special.dys && { dys: lists(special.dys) }),
  };
}

/** The reference's results for zeros in the place of denormal numbers; null for a case without any. */
async function flushedResult(special: SpecialCase): Promise<SpecialResult | null> {
  const given = [...special.inputs.map(({ values }) => values), ...(special.dys ?? [])];
  if (!given.some((values) => values?.some(isDenormal))) return null;
  return withBackend(referenceBackend, () => runSpecial(flushed(special)));
}

/** What is wrong on a gpu backend, a line each. */
export async function gpuFailures(backend: Backend, cases: readonly SpecialCase[]): Promise<string[]> {
  const failures = await specialFailures(backend, cases, { ulps: MAX_ULPS, flushesDenormals: true });
  const results = new Map<SpecialCase, SpecialResult | null>();
  const wrong: string[] = [];
  for (const place of failures) {
    const { special, kind, result, element, actual } = place;
    if (isWithinWgsl(place)) continue;
    if (differences.some(({ op, covers }) => op === special.op && covers(place))) continue;
    if (!results.has(special)) results.set(special, await flushedResult(special));
    const expected = results.get(special)?.[kind][result]?.[element];
    if (expected !== undefined) {
      if (Math.abs(actual) < SMALLEST_NORMAL && Math.abs(expected) < SMALLEST_NORMAL) continue;
      const isClose =
        isSameClass(actual, expected) && Math.abs(actual - expected) <= MAX_ULPS * 2 ** -23 * Math.abs(expected);
      if (Object.is(actual, expected) || isClose || isWithinWgsl({ ...place, special: flushed(special), expected }))
        continue;
    }
    wrong.push(describeFailure(place));
  }
  return wrong;
}
