/**
 * Tensors as text. The values, their layout and what follows them are PyTorch's own repr (test/golden/print/make-print.py), with our
 * names of dtypes and fields.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  arange,
  compile,
  type DType,
  format,
  installDevtoolsFormatter,
  ones,
  type PrintOptions,
  ShapeError,
  setBackend,
  setPrintOptions,
  type Tensor,
  tensor,
  UsageError,
  zeros,
} from "../../src/index.js";

interface PrintCase {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: readonly (number | boolean | string)[];
  readonly requiresGrad: boolean;
  readonly options: PrintOptions;
  readonly text: string;
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "..", "golden", "print", "print.json"), "utf8")) as {
  readonly cases: readonly PrintCase[];
};

const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };

function made({ shape, dtype, values, requiresGrad }: PrintCase): Tensor {
  if (dtype === "int64") return tensor(BigInt64Array.from(values.map(BigInt)), [...shape]);
  const numbers = values.map((value) => (typeof value === "string" ? special[value]! : Number(value)));
  return tensor(Float64Array.from(numbers), [...shape], { dtype, requiresGrad });
}

/** PyTorch's text with our names; booleans of the same width. */
const inOurNames = (text: string): string =>
  text
    .replaceAll("torch.", "")
    .replaceAll("True", "true")
    .replaceAll("False", "false")
    .replace("requires_grad", "requiresGrad")
    .replace(/size=\(([^)]*)\)/, "shape=[$1]");

/** What printing reads of x, as if its values lay on another backend. */
const on = (backend: Tensor["backend"], x: Tensor): Parameters<typeof format>[0] => ({
  ...{ shape: x.shape, dtype: x.dtype, offset: 0, isFreed: false, requiresGrad: false, edge: null },
  home: { backend, allocation: x.home.allocation } as Tensor["home"],
});

const before = setPrintOptions({});
afterEach(() => {
  setPrintOptions(before);
});

it("there are many cases", () => expect(golden.cases.length).toBeGreaterThan(100));

describe("prints as PyTorch", () => {
  it.each(golden.cases.map((one, i) => [i, JSON.stringify(one.options), one] as const))("case %i, %s", (_, __, one) => {
    const x = made(one);
    // the shape of a large tensor is ours alone
    const text = format(x, one.options).replace(/,\s+shape=\[[^\]]*[1-9]\]/, (found) => (x.size > 0 ? "" : found));
    expect(text).toBe(inOurNames(one.text));
  });
});

describe("a tensor's text", () => {
  it("is what the console, templates and String() give", () => {
    const x = tensor([[1, 2.5]]);
    const text = "tensor([[1.0000, 2.5000]])";
    expect([inspect(x), `${x}`, String(x), `is ${x}`]).toEqual([text, text, text, `is ${text}`]);
    expect(inspect({ x })).toContain(text);
  });
  it("says the op of the graph, and the shape of what is cut", () => {
    const x = tensor([1, 2], [2], { requiresGrad: true });
    expect(`${x.mul(2)}`).toBe("tensor([2., 4.], gradFn=<mul>)");
    expect(`${zeros([2, 600])}`).toBe(
      "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.]], shape=[2, 600])",
    );
  });
  it("is shape, dtype and the reason where the values are not at hand", async () => {
    const x = ones([2]);
    x.dispose();
    expect(`${x}`).toBe("tensor(..., shape=[2], dtype=float32, freed)");
    expect(JSON.parse(JSON.stringify(x))).toEqual({ shape: [2], dtype: "float32", values: null, reason: "freed" });
    const texts: string[] = [];
    const traced = compile((a: Tensor) => {
      const y = a.add(1);
      texts.push(`${y}`);
      return y;
    });
    traced(ones([3]));
    expect(texts[0]).toContain("shape=[3], dtype=float32,\n       its values are not there before compile()");
  });
  it("of a backend that is not synchronous says how to read it", async () => {
    const x = ones([2]);
    const { backend } = x;
    const remote = Object.create(backend, { readSync: { value: undefined }, name: { value: "gpu" } }) as typeof backend;
    expect(format(on(remote, x))).toBe(
      "tensor(..., shape=[2], dtype=float32,\n       its values are on the gpu backend: await x.data())",
    );
  });
  it("reads only the corners of a large tensor", async () => {
    await setBackend("reference");
    const x = zeros([1000, 1000]);
    const { backend } = x;
    let read = 0;
    const counting = Object.create(backend, {
      readSync: {
        value: (...args: Parameters<NonNullable<typeof backend.readSync>>) => {
          read += args[3];
          return backend.readSync!(...args);
        },
      },
    }) as typeof backend;
    format(on(counting, x));
    expect(read).toBe(36);
  });
  it("is a number where JavaScript wants one of a single element", () => {
    const loss = tensor([0.5]).sum();
    expect([Number(loss), (loss as unknown as number) < 1, `${"loss "}${Number(loss)}`]).toEqual([
      0.5,
      true,
      "loss 0.5",
    ]);
    expect(() => Number(ones([2]))).toThrow(ShapeError);
    expect(() => Number(ones([2]))).toThrow(/x\.add\(y\)/);
  });
});

it("JSON holds shape, dtype and all values; what JSON has no number for is text", () => {
  const of = (x: Tensor): unknown => JSON.parse(JSON.stringify(x));
  expect(of(tensor([[1, Number.NaN]]))).toEqual({ shape: [1, 2], dtype: "float32", values: [[1, "NaN"]] });
  expect(of(tensor([true, false]))).toEqual({ shape: [2], dtype: "bool", values: [true, false] });
  expect(of(tensor(BigInt64Array.of(2n ** 62n, 3n)))).toEqual({
    shape: [2],
    dtype: "int64",
    values: ["4611686018427387904", 3],
  });
  expect((of(arange(2000)) as { values: unknown[] }).values.length).toBe(2000);
});

it("setPrintOptions returns what was, and refuses what is no count", () => {
  expect(setPrintOptions({ precision: 2 })).toEqual(before);
  expect(`${tensor([1.234])}`).toBe("tensor([1.23])");
  expect(() => setPrintOptions({ precision: 1.5 })).toThrow(UsageError);
  expect(() => setPrintOptions({ edgeItems: -1 })).toThrow(/edgeItems is -1/);
});

it("developer tools get a header and the text", () => {
  installDevtoolsFormatter();
  installDevtoolsFormatter();
  const { devtoolsFormatters } = globalThis as unknown as {
    devtoolsFormatters: { header(x: unknown): unknown; body(x: unknown): unknown; hasBody(x: unknown): boolean }[];
  };
  expect(devtoolsFormatters.length).toBe(1);
  const [one] = devtoolsFormatters;
  expect(one!.header(ones([2]))).toEqual(["span", {}, "tensor [2] float32"]);
  expect(one!.body(ones([2]))).toEqual(["div", { style: "white-space: pre" }, "tensor([1., 1.])"]);
  expect([one!.header({}), one!.hasBody({})]).toEqual([null, false]);
});
