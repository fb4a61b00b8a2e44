/** What training tools put around weights comes off again: every nesting of them up to four deep, in both containers. */
import { beforeAll, describe, expect, it } from "vitest";
import { setBackend, type Tensor } from "../../src/index.js";
import { unwrapNames } from "../../src/io/wrappers.js";
import {
  decodeWeights,
  encodeSafetensors,
  encodeTorchFile,
  loadFileEntries,
  StateDict,
  type StoredTensor,
  type Writable,
} from "../../src/models/files/index.js";
import { Linear, Module } from "../../src/nn/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

type Entries = ReadonlyMap<string, StoredTensor>;
/** A state dict, or dictionaries with one in them. */
type Tree = Entries | { readonly [key: string]: Tree | StoredTensor };

const one = (value: number): StoredTensor => ({ shape: [1], values: Float32Array.of(value) });
const weights: Entries = new Map([
  ["backbone.conv.weight", one(1)],
  ["backbone.bn.num_batches_tracked", { shape: [], values: Int32Array.of(7), code: "I64" }],
  ["head.fc.bias", one(2)],
]);
const stepCount: StoredTensor = { shape: [], values: Int32Array.of(3), code: "I64" };

const isEntries = (tree: Tree): tree is Entries => tree instanceof Map;
const prefixed =
  (prefix: string) =>
  (tree: Tree): Tree =>
    isEntries(tree)
      ? new Map([...tree].map(([name, entry]) => [prefix + name, entry]))
      : Object.fromEntries(Object.entries(tree).map(([name, inner]) => [prefix + name, inner]));
const within =
  (key: string) =>
  (tree: Tree): Tree => ({ [key]: tree });
const beside =
  (side: Entries) =>
  (tree: Tree): Tree =>
    isEntries(tree) ? new Map([...side, ...tree]) : { ...Object.fromEntries(side), ...tree };

/** What each tool does to what it is given. */
const tools: Readonly<Record<string, (tree: Tree) => Tree>> = {
  "module.": prefixed("module."),
  "model.": prefixed("model."),
  "_orig_mod.": prefixed("_orig_mod."),
  state_dict: within("state_dict"),
  model_ema: within("model_ema"),
  n_averaged: (tree) => beside(new Map([["n_averaged", stepCount]]))(prefixed("module.")(tree)),
  data_preprocessor: beside(
    new Map([
      ["data_preprocessor.mean", one(123.675)],
      ["data_preprocessor.std", one(58.395)],
    ]),
  ),
};

/** Every row of one to `depth` tools, the innermost first. */
function nestings(depth: number): string[][] {
  if (depth === 0) return [[]];
  const shorter = nestings(depth - 1);
  const longest = shorter.filter((row) => row.length === depth - 1);
  return [...shorter, ...longest.flatMap((row) => Object.keys(tools).map((tool) => [...row, tool]))];
}

const isTensor = (value: Tree | StoredTensor): value is StoredTensor => "values" in value && "shape" in value;
/** As torch.save would have it: state dicts are those with tensors alone. */
const written = (tree: Tree): Writable =>
  isEntries(tree)
    ? new StateDict(tree)
    : Object.fromEntries(
        Object.entries(tree).map(([key, inner]): [string, Writable] => [key, isTensor(inner) ? inner : written(inner)]),
      );
/** As tools flatten dictionaries for safetensors: keys with dots between them. */
function flat(tree: Tree, before = "", found = new Map<string, StoredTensor>()): Map<string, StoredTensor> {
  for (const [key, inner] of isEntries(tree) ? tree : Object.entries(tree))
    if (isTensor(inner)) found.set(before + key, inner);
    else flat(inner, `${before}${key}.`, found);
  return found;
}

describe("every nesting of wrappers, up to four deep", () => {
  const all = nestings(4);
  it("is 2,801 of them", () => {
    expect(all).toHaveLength(1 + 7 + 49 + 343 + 2401);
  });
  it.each([
    [".pth", (tree: Tree) => encodeTorchFile(written(tree))],
    [".safetensors", (tree: Tree) => encodeSafetensors(flat(tree))],
  ])("%s", (_, encode) => {
    const wrong = all.filter((row) => {
      const tree = row.reduce((inner, tool) => tools[tool]!(inner), weights as Tree);
      const { entries } = decodeWeights(encode(tree));
      return (
        entries.size !== weights.size ||
        [...weights].some(([name, { values }]) => entries.get(name)?.values[0] !== values[0])
      );
    });
    expect(wrong.map((row) => row.join(" in "))).toEqual([]);
  });
});

describe("unwrapNames", () => {
  it.each([
    ["a name without it", ["module.a.w", "module.b.w", "c.w"], "module.", ["a.w", "b.w", "c.w"]],
    ["names that only look like it", ["modules.a.w", "model_a.w"], "", ["modules.a.w", "model_a.w"]],
    ["a wrapper around a few", ["a.w", "b.w", "c.w", "model.d.w"], "", ["a.w", "b.w", "c.w", "model.d.w"]],
    ["two sets: the averaged one", ["model.a", "model.b", "model_ema.a", "model_ema.b"], "model_ema.", ["a", "b"]],
    ["two that would be one", ["a", "module.a"], "", ["a", "module.a"]],
    ["nothing", [], "", []],
  ])("%s", (_, names, prefix, left) => {
    const found = unwrapNames(names);
    expect([found.prefix, [...found.names.keys()]]).toEqual([prefix, left]);
  });
});

describe("a module that is itself called so", () => {
  class Inner extends Module<Tensor> {
    readonly model = this.child("model", new Linear(2, 2, { init: "zeros" }));
    forward(x: Tensor): Tensor {
      return this.model.forward(x);
    }
  }
  const linear: Entries = new Map([
    ["weight", { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }],
    ["bias", { shape: [2], values: Float32Array.of(5, 6) }],
  ]);
  it.each(["model.", "module.model.", "_orig_mod.module.model."])("loads entries called %s…", (prefix) => {
    const module = new Inner();
    loadFileEntries(module, new Map([...linear].map(([name, entry]) => [prefix + name, entry])));
    expect([...module.model.bias!.dataSync()]).toEqual([5, 6]);
  });
  it("names the prefix it saw where entries do not fit", () => {
    const entries = new Map([...linear].map(([name, entry]) => [`module.model.${name}`, entry]));
    entries.set("module.model.scale", one(1));
    expect(() => loadFileEntries(new Inner(), entries, "x.pth")).toThrow(
      "x.pth, without module.model. before its names: the state dict has 3 entries",
    );
  });
});
