/** What a bundle leaves out must not be called by what it holds: ops of chapters, and methods that come with their functions. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as T from "../../src/index.js";
import "../../src/methods-entry.js";
import { costs } from "../../src/ops/cost/index.js";
import { elementwiseShapes } from "../../src/ops/shapes/elementwise.js";
import { movementShapes } from "../../src/ops/shapes/movement.js";
import { productsShapes } from "../../src/ops/shapes/products.js";
import { randomShapes } from "../../src/ops/shapes/random.js";
import { reductionsShapes } from "../../src/ops/shapes/reductions.js";

const source = join(import.meta.dirname, "..", "..", "src");
const read = (file: string): string => readFileSync(join(source, file), "utf8");
const filesOf = (folder: string): string[] =>
  readdirSync(join(source, folder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);

const ofCore = [elementwiseShapes, reductionsShapes, movementShapes, productsShapes, randomShapes].flatMap(Object.keys);
const ofChapters = Object.keys(costs).filter((op) => !ofCore.includes(op));
const doors = filesOf("chapters").filter((file) => file.endsWith("-ops.ts"));
/** Where the rules of a chapter's gradients stand, which its door brings along. */
const rules = new Set(
  doors.flatMap((door) =>
    [...read(door).matchAll(/"\.\.\/(autograd\/gradients\/[\w-]+)\.js"/g)].map(([, file]) => `${file}.ts`),
  ),
);

/** Methods that methods.ts has only as an error, by its list. */
const others = /const others\s*=\s*"([^"]*)"/.exec(read("ops/methods.ts"))![1]!.split(" ");
const installing = [...filesOf("ops/functional"), ...filesOf("chapters")].filter((file) =>
  read(file).includes("installMethods(methods)"),
);
const installed = installing.flatMap((file) =>
  /const methods = \{([^}]*)\}/
    .exec(read(file))![1]!
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
);

describe("chapters", () => {
  it("are called by nothing that a bundle has without them", () => {
    expect(ofChapters.length).toBeGreaterThan(50);
    const always = ["ops", "ops/functional", "autograd", "autograd/gradients", "nn", "optim", "compile", "tensor"];
    const calls = always.flatMap(filesOf).flatMap((file) => {
      if (rules.has(file) || file === "autograd/folding.ts") return [];
      // a gradient behind a relu is asked for by conv2dBias with an activation, which chapters/epilogue.ts alone makes
      return [...read(file).matchAll(/\bapply(?:Any)?\(\s*"(\w+)"/g)]
        .filter(([, op]) => ofChapters.includes(op!) && op !== "biasReluGrad")
        .map(([, op]) => `${file}: ${op}`);
    });
    expect(calls).toEqual([]);
  });

  it("bring the methods that methods.ts names as missing, and no others", () => {
    expect([...installed].sort()).toEqual([...others].sort());
  });

  it("are all there in the whole package: every method is a function's", () => {
    const functions = T as unknown as Readonly<Record<string, unknown>>;
    const missing = others.filter((name) => typeof functions[name] !== "function" || !(name in T.Tensor.prototype));
    expect(missing).toEqual([]);
    expect(T.tensor([-1, 2]).silu().shape).toEqual([2]);
  });

  it("have a function of each file that installs methods in tensorone/methods", () => {
    const entry = read("methods-entry.ts");
    const forgotten = installing.filter((file) => {
      const names = /const methods = \{([^}]*)\}/
        .exec(read(file))![1]!
        .split(",")
        .map((name) => name.trim());
      return !names.some((name) => new RegExp(`^  ${name}[,:]`, "m").test(entry));
    });
    expect(forgotten).toEqual([]);
  });
});
