/**
 * The grid over all dtypes and over empty dimensions on the gpu backend, whose memory is filled with NaN before it is handed out:
 * each op gives the reference's values or refuses with a DTypeError, at once or with the read; nothing in between.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import {
  compile,
  type DType,
  DTypeError,
  noGrad,
  type Random,
  type Tensor,
  type TypedArray,
  tensor,
} from "../../src/index.js";
import { apply, update } from "../../src/ops/apply.js";
import type { Attrs, OpName, UpdateAttrs, UpdateName } from "../../src/ops/spec/index.js";
import { dtypes, isFloat } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput, type Input } from "../conformance/cases/index.js";
import { emptyCases, smallCases } from "../conformance/empty-cases.js";
import { relativeError, valuesOfDType } from "../conformance/numbers.js";
import { updateCases, updateNames } from "../conformance/update-cases.js";
import { TOLERANCE } from "./grid.js";
import { noDriver } from "./software-vulkan.js";

type AnyCase = Case<Attrs<OpName>>;

/** Per op and dtype; enough to meet every lowering. */
const CASES = 12;
const REPLAYED = 2;
const allDTypes = Object.keys(dtypes) as DType[];

/** Below 2^10, so that products and their sums stay exact. */
const integer = (random: Random): number => random.next32() >> (22 + (random.next32() % 10));
const valuesFor = (input: Input, seed: number, dtype: DType): TypedArray => valuesOfDType(input, seed, dtype, integer);

type Outcome = readonly TypedArray[] | "refused";

/** The first call of a compiled function may run op by op; the third is a replay. */
const CALLS = 3;

/** Of one call, or of the last of several that are compiled. */
async function outcomeOf(op: OpName, { inputs, attrs }: AnyCase, dtype: DType, isCompiled = false): Promise<Outcome> {
  const given = op === "oneHot" ? { ...(attrs as Attrs<"oneHot">), dtype } : attrs;
  try {
    const xs = inputs.map((spec, i) =>
      tensor(valuesFor(spec, 11 + i, dtype), spec.shape, { dtype: dtypeOfInput(spec, dtype) }),
    );
    const forward = (...args: Tensor[]) => noGrad(() => apply(op, args, given) as readonly Tensor[]);
    let ys: readonly Tensor[];
    if (isCompiled) {
      const compiled = compile(forward);
      ys = Array.from({ length: CALLS }, () => compiled(...xs)).at(-1)!;
      compiled.dispose();
    } else ys = forward(...xs);
    const reads = await Promise.allSettled(ys.map((y) => y.data()));
    for (const read of reads) if (read.status === "rejected") throw read.reason;
    return reads.map((read) => (read as PromiseFulfilledResult<TypedArray>).value);
  } catch (error) {
    if (error instanceof DTypeError) return "refused";
    throw error;
  }
}

/** NaN and ∞ exactly where the other has them; integers exact, other numbers by norm. */
function expectAlike(actual: TypedArray, expected: TypedArray, label: string): void {
  expect(actual.constructor, label).toBe(expected.constructor);
  if (!(expected instanceof Float32Array || expected instanceof Float64Array)) {
    expect(actual, label).toEqual(expected);
    return;
  }
  const finite = (values: TypedArray) => values.map((value) => (Number.isFinite(value) ? value : 0));
  const special = (values: TypedArray) => Array.from(values, (value) => (Number.isFinite(value) ? 0 : value));
  expect(special(actual), label).toEqual(special(expected));
  expect(relativeError(finite(actual), finite(expected)), label).toBeLessThanOrEqual(TOLERANCE);
}

/** The number of cases that gave values, and of those that the reference gives. */
async function compare(backend: GpuBackend, op: OpName, chosen: readonly AnyCase[], dtype: DType, isCompiled = false) {
  let answered = 0;
  let expectedAnswers = 0;
  for (const one of chosen) {
    const label = `${dtype}, of ${op} ${JSON.stringify(one)}`;
    const expected = await withBackend(referenceBackend, () => outcomeOf(op, one, dtype));
    const actual = await withBackend(backend, () => outcomeOf(op, one, dtype, isCompiled));
    if (expected !== "refused") expectedAnswers++;
    if (actual === "refused") continue;
    expect(expected, label).not.toBe("refused");
    (expected as readonly TypedArray[]).forEach((values, i) => {
      expectAlike(actual[i]!, values, label);
    });
    answered++;
  }
  return { answered, expectedAnswers };
}

/** All operands afterwards. */
async function updateOutcome(
  name: UpdateName,
  attrs: UpdateAttrs<UpdateName>,
  size: number,
  dtype: DType,
): Promise<Outcome> {
  try {
    const operands = updateCases[name].fills.map((fill, seed) =>
      tensor(valuesFor({ shape: [size], fill }, seed, dtype), [size], { dtype }),
    );
    update(name, operands, attrs);
    return await Promise.all(operands.map((x) => x.data()));
  } catch (error) {
    if (error instanceof DTypeError) return "refused";
    throw error;
  }
}

const ops = Object.keys(cases) as (keyof typeof cases)[];

for (const mode of ["cpu", "webasm", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      await backend.dispose();
    });

    describe.each(allDTypes)("%s", (dtype) => {
      for (const op of ops)
        it(op, async () => {
          const { answered, expectedAnswers } = await compare(backend, op, smallCases(op, CASES), dtype);
          // floats are never refused; integers where float32 rounds, which of these only powers reach
          if (op === "pow" && !isFloat(dtype) && dtype !== "bool") expect(answered).toBeGreaterThan(0);
          else expect(answered).toBe(expectedAnswers);
          if (mode === "webgpu") await compare(backend, op, smallCases(op, REPLAYED), dtype, true);
        });
    });

    describe("updates", () => {
      for (const name of updateNames)
        it(name, async () => {
          const { attrs, takesIntegers } = updateCases[name];
          for (const dtype of allDTypes)
            for (const size of [0, 1, 5, 1031])
              for (const one of attrs) {
                const on = (where: Backend) => withBackend(where, () => updateOutcome(name, one, size, dtype));
                const actual = await on(backend);
                if (!isFloat(dtype) && !takesIntegers && size > 0) expect(actual).toBe("refused");
                if (actual === "refused") {
                  expect(isFloat(dtype), name).toBe(false);
                  continue;
                }
                const expected = (await on(referenceBackend)) as readonly TypedArray[];
                actual.forEach((values, i) => {
                  expectAlike(values, expected[i]!, `${name} of ${size} ${dtype} ${JSON.stringify(one)}, operand ${i}`);
                });
              }
        });
    });

    describe("empty dimensions", () => {
      for (const op of ops)
        it(op, async () => {
          for (const dtype of allDTypes) {
            const { answered, expectedAnswers } = await compare(backend, op, emptyCases(op), dtype);
            expect(answered, dtype).toBe(expectedAnswers);
          }
        });
    });
  });
