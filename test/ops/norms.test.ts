/** Normalisations, attention and interpolation against PyTorch in float64: norms.json, which make-norms.py beside it wrote. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import {
  concat,
  groupNorm,
  instanceNorm,
  interpolate,
  layerNorm,
  localResponseNorm,
  nn,
  pixelShuffle,
  pixelUnshuffle,
  resample,
  reshape,
  rmsNorm,
  scaledDotProductAttention,
  scope,
  type Tensor,
  type TypedArray,
  tensor,
  withBackend,
} from "../../src/index.js";
import { fromFileLayout, toFileLayout } from "../../src/io/layout.js";
import type { FloatDType } from "../../src/nn/index.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";

type Attrs = Readonly<Record<string, never>>;
interface Golden {
  readonly op: string;
  readonly attrs: Attrs;
  readonly shapes: readonly (Shape | null)[];
  readonly output: { readonly shape: Shape; readonly values: readonly number[] };
  readonly gradients: readonly (readonly number[] | null)[];
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/norms/norms.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Golden[];
};

/** make-norms.py's numbers(). */
const formulaNumbers = (shape: Shape, seed: number): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919 + seed * 104729) % 1009) / 504.5 - 1);

interface Result {
  readonly output: Tensor;
  readonly gradients: readonly (TypedArray | null)[];
}

type Operand = Tensor | null;
type Fn = (xs: readonly Operand[], attrs: Attrs) => Tensor;

const functions: { readonly [op: string]: Fn } = {
  layerNorm: ([x, w, b], { normalizedShape, ...rest }) => layerNorm(x!, normalizedShape!, w, b, rest),
  groupNorm: ([x, w, b], { numGroups, ...rest }) => groupNorm(x!, numGroups!, w, b, rest),
  instanceNorm: ([x, w, b], attrs) => instanceNorm(x!, w, b, attrs),
  rmsNorm: ([x, w], { normalizedShape, ...rest }) =>
    rmsNorm(x!, normalizedShape!, w, { eps: 2 ** -52, ...(rest as object) }),
  localResponseNorm: ([x], { size, ...rest }) => localResponseNorm(x!, size!, rest),
  scaledDotProductAttention: ([q, k, v, attnMask], attrs) =>
    scaledDotProductAttention(q!, k!, v!, { ...attrs, ...(attnMask && { attnMask }) }),
  interpolate: ([x], attrs) => interpolate(x!, attrs),
  pixelShuffle: ([x], { factor }) => pixelShuffle(x!, factor!),
  pixelUnshuffle: ([x], { factor }) => pixelUnshuffle(x!, factor!),
};

const dyOf = (y: Tensor, dtype: FloatDType): Tensor => tensor(formulaNumbers(y.shape, 77), y.shape, { dtype });

function runFunction({ op, attrs, shapes }: Golden, dtype: FloatDType): Result {
  const xs = shapes.map(
    (shape, i) => shape && tensor(formulaNumbers(shape, 1 + i), shape, { dtype, requiresGrad: true }),
  );
  const output = functions[op]!(xs, attrs);
  const given = xs.filter((x) => x !== null);
  const found = gradientsOf(output, given, { gradient: dyOf(output, dtype) });
  return { output, gradients: xs.map((x) => (x ? (found[given.indexOf(x)]?.dataSync() ?? null) : null)) };
}

/** Loads what PyTorch had under the same names, in files' layouts, and gives the parameters' gradients in those. */
function loaded<M extends nn.Module>(layer: M, shapes: readonly (Shape | null)[], inputs: number) {
  const parameters = [...layer.namedParameters()];
  const entries = parameters.map(([name, { role }], i) => {
    const shape = shapes[inputs + i]!;
    const own = fromFileLayout(role, { shape, values: formulaNumbers(shape, inputs + 1 + i) });
    return [name, tensor(own.values, own.shape)] as const;
  });
  layer.loadStateDict(new Map(entries));
  return (xs: readonly Tensor[], output: Tensor, dtype: FloatDType): Result => {
    const all = [...xs, ...parameters.map(([, { tensor: own }]) => own)];
    const found = gradientsOf(output, all, { gradient: dyOf(output, dtype) });
    const gradients = all.map((x, i) => {
      const values = found[i]?.dataSync() ?? new Float64Array(x.size);
      if (i < inputs) return values;
      return toFileLayout(parameters[i - inputs]![1].role, { shape: x.shape, values }).values;
    });
    layer.dispose();
    return { output, gradients };
  };
}

const inputsOf = (shapes: readonly (Shape | null)[], dtype: FloatDType): Tensor[] =>
  shapes.map((shape, i) => tensor(formulaNumbers(shape!, 1 + i), shape!, { dtype, requiresGrad: true }));

/** Its output and weights one after the other. */
function runAttention({ attrs, shapes }: Golden, dtype: FloatDType): Result {
  const layer = new nn.MultiheadAttention(6, 2, { dtype });
  const names = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"];
  expect([...layer.namedParameters().keys()]).toEqual(names);
  const finish = loaded(layer, shapes, 3);
  const [q, k, v] = inputsOf(shapes.slice(0, 3), dtype) as [Tensor, Tensor, Tensor];
  const [n, length] = q.shape as [number, number];
  const keys = k.shape[1]!;
  const flags = (shape: Shape, every: number, rest: number): Tensor =>
    tensor(
      Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i % every === rest ? 1 : 0)),
      shape,
    );
  const form = attrs.form as unknown as string;
  const masks =
    form === "masked" ? { attnMask: flags([length, keys], 5, 3), keyPaddingMask: flags([n, keys], 4, 1) } : {};
  const [y, weights] = form === "self" ? layer.forwardWithWeights(q) : layer.forwardWithWeights(q, k, v, masks);
  return finish([q, k, v], concat([reshape(y, [-1]), reshape(weights, [-1])]), dtype);
}

function runEncoder({ attrs, shapes }: Golden, dtype: FloatDType): Result {
  const layer = new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 4, dropout: 0, dtype, ...attrs });
  const finish = loaded(layer, shapes, 1);
  const xs = inputsOf(shapes.slice(0, 1), dtype);
  return finish(xs, layer.forward(xs[0]!), dtype);
}

const modules: { readonly [op: string]: (one: Golden, dtype: FloatDType) => Result } = {
  MultiheadAttention: runAttention,
  TransformerEncoderLayer: runEncoder,
};

const run = (one: Golden, dtype: FloatDType): Result => (modules[one.op] ?? runFunction)(one, dtype);

const backends: Record<string, Backend> = { reference: referenceBackend };
beforeAll(() => {
  backends.wasm = createWasmBackend({ threads: 1, poison: true });
});
afterAll(() => backends.wasm!.dispose?.());

/** Of the norm: what sums in another order lose, and ten times the rounding of float32. */
const bars: readonly (readonly [backend: string, dtype: FloatDType, bar: number])[] = [
  ["reference", "float64", 1e-12],
  ["wasm", "float64", 1e-12],
  ["wasm", "float32", 3e-6],
];

describe("PyTorch's numbers", () => {
  const ops = [...new Set(cases.map(({ op }) => op))];
  for (const [backend, dtype, bar] of bars)
    for (const op of ops)
      it(`${op}, ${backend} ${dtype}`, () =>
        withBackend(backends[backend]!, () => {
          for (const one of cases.filter((golden) => golden.op === op))
            scope(() => {
              const label = `${JSON.stringify(one.shapes)} ${JSON.stringify(one.attrs)}`;
              const { output, gradients } = run(one, dtype);
              expect(output.shape, label).toEqual(one.output.shape);
              // numbers that vanish have no digits of their own
              const expectNear = (actual: TypedArray, expected: readonly number[], what: string): void => {
                const apart = Math.hypot(...expected.map((v, at) => v - actual[at]!));
                expect(apart, what).toBeLessThanOrEqual(bar * Math.max(Math.hypot(...expected), 1));
              };
              expectNear(output.dataSync(), one.output.values, label);
              one.gradients.forEach((expected, i) => {
                if (expected) expectNear(gradients[i]!, expected, `gradient ${i} of ${label}`);
              });
            });
        }));
});

describe("what is refused", () => {
  const x = () => tensor(new Float32Array(24), [1, 2, 4, 3]);
  const scores = (...shape: number[]) => tensor(new Float32Array(sizeOf(shape)), shape);
  const wrong: readonly (readonly [what: string, call: () => unknown, message: RegExp])[] = [
    ["another width", () => layerNorm(x(), 5), /\[1, 2, 4, 3\], expected \[\.\.\., 5\]/],
    ["channels first", () => layerNorm(x(), 2), /expected \[\.\.\., 2\][\s\S]*\[N, H, W, C\]/],
    ["a misshapen weight", () => layerNorm(x(), 3, scores(2)), /a parameter is \[2\], expected \[3\]/],
    ["groups that do not divide", () => groupNorm(x(), 2), /numGroups=2/],
    ["one pixel", () => instanceNorm(scores(2, 1, 1, 3)), /more than one pixel/],
    ["no size", () => interpolate(x(), {}), /either size or scaleFactor/],
    ["size and factor", () => interpolate(x(), { size: 3, scaleFactor: 2 }), /either size or scaleFactor/],
    [
      "corners of neighbours",
      () => interpolate(x(), { size: 3, alignCorners: true }),
      /alignCorners with mode "nearest"/,
    ],
    [
      "antialiased areas",
      () => interpolate(x(), { size: 3, mode: "area", antialias: true }),
      /antialias with mode "area"/,
    ],
    [
      "a picture without a batch",
      () => interpolate(scores(2, 3, 4), { size: 3, mode: "bilinear" }),
      /4 axes[\s\S]*reshape/,
    ],
    ["three sizes", () => interpolate(x(), { size: [1, 2, 3] }), /expected 2 numbers/],
    ["no pixels", () => resample(scores(0, 2), 0, 3), /from 0 to 3/],
    ["integers", () => resample(tensor(Int32Array.of(1, 2)), 0, 3), /int32 with mode "linear"/],
    ["a factor that does not divide", () => pixelShuffle(x(), 2), /a factor of 2/],
    ["odd pixels", () => pixelUnshuffle(scores(1, 3, 4, 1), 2), /a factor of 2/],
    [
      "two masks",
      () =>
        scaledDotProductAttention(scores(2, 3), scores(2, 3), scores(2, 3), { attnMask: scores(2, 2), isCausal: true }),
      /both given/,
    ],
    [
      "widths that differ",
      () => scaledDotProductAttention(scores(2, 3), scores(2, 4), scores(2, 4)),
      /\[\.\.\., S, E\]/,
    ],
    [
      "heads that do not divide",
      () => new nn.MultiheadAttention(10, 3),
      /embedDim=10, expected a multiple of numHeads=3/,
    ],
    ["another input", () => new nn.MultiheadAttention(6, 3).forward(scores(2, 4, 5)), /expected \[N, L, 6\]/],
  ];
  for (const [what, call, message] of wrong)
    it(what, () => withBackend(referenceBackend, () => expect(call).toThrow(message)));
});

it("corners stay where a scale that is no ratio of sizes has them (ONNX Resize, downsample_scales_linear_align_corners)", () =>
  withBackend(referenceBackend, () => {
    const x = tensor(Float64Array.of(1, 2, 3, 4));
    const y = resample(x, 0, 2, { coordinates: "alignCorners", scale: 0.6 });
    expect([...y.dataSync()].map((v) => v.toFixed(6))).toEqual(["1.000000", "3.142857"]);
  }));

it("bytes keep their nearest neighbours", () =>
  withBackend(referenceBackend, () => {
    const y = interpolate(tensor(Uint8Array.of(7, 255), [1, 1, 2, 1]), { scaleFactor: 2 });
    expect([y.dtype, y.shape, ...y.dataSync()]).toEqual(["uint8", [1, 2, 4, 1], 7, 7, 255, 255, 7, 7, 255, 255]);
  }));
