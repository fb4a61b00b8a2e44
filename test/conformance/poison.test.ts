/**
 * The grid over all dtypes and over empty dimensions on a wasm backend whose memory is filled with NaN before it is handed
 * out: an element that no kernel wrote, or that a reference kernel took for a zero, differs from the reference's. Values and
 * gradients, op by op and replayed through compile().
 */
import { afterAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { gradients } from "../../src/autograd/gradients/index.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import {
  add,
  compile,
  type DType,
  DTypeError,
  mul,
  noGrad,
  type Random,
  scope,
  sum,
  type Tensor,
  type TypedArray,
  tensor,
} from "../../src/index.js";
import { apply, update } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { dtypes, isFloat } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput, type GridOp, type Input } from "./cases/index.js";
import { emptyCases, smallCases } from "./empty-cases.js";
import { relativeError, valuesOfDType } from "./numbers.js";
import { updateCases, updateNames } from "./update-cases.js";

type AnyCase = Case<Attrs<GridOp>>;

/** The bar of the project for a backend against the reference, float32, by norm. */
const TOLERANCE = 1e-5;
/** Cases of an op per dtype; enough to meet every lowering and every reason to decline. */
const CASES = 24;
/** Of those, the ones that are compiled too. */
const COMPILED = 8;
/** The first call runs, the second is recorded, the third is replayed. */
const CALLS = 3;

const allDTypes = Object.keys(dtypes) as DType[];

/** Integers of all sizes. */
const integer = (random: Random): number => random.next32() >> (random.next32() % 32);
const valuesFor = (input: Input, seed: number, dtype: DType): TypedArray => valuesOfDType(input, seed, dtype, integer);

/** One-hot rows are of the dtype under test; casts go to all of them from it. */
const attrsFor = (op: GridOp, attrs: Attrs<GridOp>, dtype: DType): Attrs<GridOp> =>
  op === "oneHot" ? { ...(attrs as Attrs<"oneHot">), dtype } : attrs;

const inputsOf = ({ inputs }: AnyCase, dtype: DType): Tensor[] =>
  inputs.map((spec, i) => {
    const own = dtypeOfInput(spec, dtype);
    return tensor(valuesFor(spec, 11 + i, dtype), spec.shape, { dtype: own });
  });

type Outcome = readonly TypedArray[] | "refused";

/** One evaluation; `weights` has a tensor of each output's shape. */
type Work = (op: GridOp, attrs: Attrs<GridOp>, xs: readonly Tensor[], weights: readonly Tensor[]) => readonly Tensor[];

const forward: Work = (op, attrs, xs) => noGrad(() => apply(op, xs, attrs) as readonly Tensor[]);

/** Gradients of the float inputs under a projection of the outputs that have one. */
const backward: Work = (op, attrs, xs, weights) => {
  const leaves = xs.map((x) => {
    const leaf = x.detach();
    leaf.requiresGrad = isFloat(x.dtype);
    return leaf;
  });
  const outputs = apply(op, leaves, attrs) as readonly Tensor[];
  const projected = outputs.flatMap((y, i) => (y.edge === null ? [] : [sum(mul(y, weights[i]!))]));
  if (projected.length === 0) return [];
  return gradientsOf(projected.reduce(add), leaves).filter((dx) => dx !== null);
};

function outcomeOf(work: () => readonly Tensor[]): Outcome {
  try {
    return scope(() => work().map((y) => y.dataSync()));
  } catch (error) {
    if (error instanceof DTypeError) return "refused";
    throw error;
  }
}

/** What eager mode gives, and what each call of the compiled function gives. */
function outcomesOf(work: Work, op: GridOp, one: AnyCase, dtype: DType, isCompiled: boolean): Outcome[] {
  return scope(() => {
    const attrs = attrsFor(op, one.attrs, dtype);
    const xs = inputsOf(one, dtype);
    const shapes = outcomeOf(() => forward(op, attrs, xs, [])) === "refused" ? [] : forward(op, attrs, xs, []);
    const weights = shapes.map(({ shape, dtype: own }) =>
      tensor(valuesFor({ shape, fill: "normal" }, 5, own), shape, { dtype: own }),
    );
    const eager = outcomeOf(() => work(op, attrs, xs, weights));
    if (!isCompiled || eager === "refused" || eager.length === 0) return [eager];
    const compiled = compile((...args: Tensor[]) => work(op, attrs, args.slice(0, xs.length), args.slice(xs.length)));
    const calls = Array.from({ length: CALLS }, () => outcomeOf(() => compiled(...xs, ...weights)));
    compiled.dispose();
    return [eager, ...calls];
  });
}

/** NaN exactly where the other has it; finite values exact where no float32 is involved, else by norm. */
function expectAlike(actual: TypedArray, expected: TypedArray, isExact: boolean, label: string): void {
  expect(actual.constructor, label).toBe(expected.constructor);
  expect(actual.length, label).toBe(expected.length);
  if (isExact || !(expected instanceof Float32Array || expected instanceof Float64Array)) {
    expect(actual, label).toEqual(expected);
    return;
  }
  const finite = (values: TypedArray) => values.map((value) => (Number.isFinite(value) ? value : 0));
  const special = (values: TypedArray) => Array.from(values, (value) => (Number.isFinite(value) ? 0 : value));
  expect(special(actual), label).toEqual(special(expected));
  expect(relativeError(finite(actual), finite(expected)), label).toBeLessThanOrEqual(TOLERANCE);
}

const wasm = createWasmBackend({ threads: 2, poison: true });
afterAll(() => wasm.dispose());

/** The same on both backends, and the number of cases that gave values. */
async function compare(op: GridOp, chosen: readonly AnyCase[], dtype: DType, isCompiled: boolean): Promise<number> {
  let answered = 0;
  for (const one of chosen)
    for (const work of gradients[op] && isFloat(dtype) ? [forward, backward] : [forward]) {
      const on = (backend: Backend) => withBackend(backend, () => outcomesOf(work, op, one, dtype, isCompiled));
      const [expected] = await on(referenceBackend);
      for (const [call, outcome] of (await on(wasm)).entries()) {
        const label = `${work.name}, call ${call}, ${dtype}, of ${op} ${JSON.stringify(one)}`;
        if (expected === "refused" || outcome === "refused") expect(outcome, label).toBe(expected);
        else {
          expect(outcome.length, label).toBe(expected!.length);
          expected!.forEach((values, i) => {
            expectAlike(outcome[i]!, values, dtype !== "float32", label);
          });
          answered++;
        }
      }
    }
  return answered;
}

const ops = Object.keys(cases) as GridOp[];

describe.each(allDTypes)("poisoned memory, %s", (dtype) => {
  for (const op of ops)
    it(op, async () => {
      await compare(op, smallCases(op, CASES), dtype, false);
      const answered = await compare(op, smallCases(op, COMPILED), dtype, true);
      // floats are taken by all
      if (isFloat(dtype)) expect(answered).toBeGreaterThan(0);
    });
});

describe("poisoned memory, empty dimensions", () => {
  for (const op of ops)
    it(op, async () => {
      const empty = emptyCases(op);
      expect(empty.length).toBeGreaterThan(0);
      for (const dtype of allDTypes) await compare(op, empty, dtype, false);
      for (const dtype of allDTypes) await compare(op, empty.slice(0, COMPILED), dtype, true);
    });
});

describe("updates", () => {
  const sizes = [0, 1, 5, 1031] as const;

  for (const name of updateNames)
    it(`write what the reference writes: ${name}`, async () => {
      const { fills, takesIntegers, attrs } = updateCases[name];
      for (const dtype of allDTypes)
        for (const size of sizes) {
          if (!isFloat(dtype) && !takesIntegers) continue;
          // there is nothing to add up in bool
          if (dtype === "bool" && name === "accumulate") continue;
          const on = (backend: Backend) =>
            withBackend(backend, () =>
              scope(() => {
                const operands = fills.map((fill, seed) =>
                  tensor(valuesFor({ shape: [size], fill }, seed, dtype), [size], { dtype }),
                );
                update(name, operands, attrs[0]!);
                return operands.map((x) => x.dataSync());
              }),
            );
          const expected = await on(referenceBackend);
          (await on(wasm)).forEach((values, i) => {
            expectAlike(values, expected[i]!, dtype !== "float32", `${name} ${dtype} [${size}], operand ${i}`);
          });
        }
    });
});
