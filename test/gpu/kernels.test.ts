/**
 * The strings of all gpu kernels against the list of what gpu.js and WGSL get wrong without saying so, and what importing
 * the package must not load.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allKernels } from "../../src/backends/gpu/kernels/index.js";

/** Reasons beside patterns; each was reproduced with gpu.js 2.24.1. */
const traps: readonly (readonly [reason: string, pattern: RegExp])[] = [
  ["continue skips the increment on WebGPU", /\bcontinue\b/],
  ["loops that count down are no WGSL", /--\s*\)/],
  ["a loop cannot start from an expression of threads", /for\s*\(let \w+ = this\./],
  ["while loops stop at the loop limit", /\bwhile\b/],
  ["let without a value", /let \w+;/],
  ["arrow functions", /=>/],
  ["optional chaining and ??", /\?\.|\?\?/],
  ["a conditional expression, which inside an index is no WGSL", / \? /],
  ["for-of", /for\s*\(\s*(const|let) \w+ of/],
  ["isNaN and hypot", /isNaN|hypot/],
  ["% goes through float32", /%/],
  ["Infinity is FLT_MAX", /Infinity|NaN/],
];

const KNOWN = new Set("Math const else false for function if let return this true".split(" "));

/** What the text of a function reads and does not make, its parameters included. */
function freeNames(source: string): string[] {
  const body = source.slice(source.indexOf("{"));
  const made = new Set([
    ...[...body.matchAll(/(?:const|let|function) (\w+)/g)].map(([, name]) => name!),
    ...[...body.matchAll(/function \w+\(([^)]*)\)/g)].flatMap(([, list]) => list!.match(/\w+/g) ?? []),
  ]);
  const read = new Set(body.match(/(?<![.\w])[A-Za-z_]\w*/g));
  return [...read].filter((name) => !made.has(name) && !KNOWN.has(name));
}

it("a name that a kernel reads without having it is found", () => {
  expect(freeNames("function (a) { function twice(v) { return 2 * v; } let i = 0; return twice(a[i]) + b; }")).toEqual([
    "a",
    "b",
  ]);
});

describe("gpu kernels", () => {
  for (const kernel of allKernels)
    it(kernel.name, () => {
      for (const [reason, pattern] of traps) expect(kernel.source, reason).not.toMatch(pattern);
      // one name, one loop: WGSL refuses a second declaration in one scope
      const loops = [...kernel.source.matchAll(/for \(let (\w+)/g)].map(([, name]) => name!);
      const locals = [...kernel.source.matchAll(/(?:const|let) (\w+) =/g)].map(([, name]) => name!);
      const outside = locals.filter((name) => !loops.includes(name));
      expect(new Set(outside).size, "a local declared twice").toBe(outside.length);
      expect(
        loops.filter((name) => outside.includes(name)),
        "a loop named like a local",
      ).toEqual([]);
      const arrays = Object.values(kernel.args).filter((kind) => kind === "array");
      expect(arrays.length, "arrays of one kernel").toBeLessThanOrEqual(7);
      expect(freeNames(kernel.source).filter((name) => !Object.hasOwn(kernel.args, name))).toEqual([]);
      // flat indices beyond 2^24 may only stand inside an access, where they are integers
      for (const index of kernel.source.matchAll(/(?:const|let) \w+ = [^;\n]*\* (h|w|oh|ow) \*[^;\n]*;/g))
        expect.fail(`a flat index in a float32 local: ${index[0]}`);
    });

  it("have names of their own", () => {
    const names = allKernels.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("importing the package", () => {
  it("loads neither gpu.js nor WebGPU nor a kernel of this backend", () => {
    const entry = join(import.meta.dirname, "..", "..", "dist", "index.js");
    const program = `
      import { createRequire } from "node:module";
      await import(${JSON.stringify(entry)});
      const loaded = [...Object.keys(createRequire(import.meta.url).cache), ...process.report.getReport().sharedObjects];
      console.log(JSON.stringify(loaded.filter((file) => /gpu\\.js|dawn|koffi|vulkan/.test(file))));
    `;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(JSON.parse(output)).toEqual([]);
  });
});
