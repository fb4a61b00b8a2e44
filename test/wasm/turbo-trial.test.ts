/**
 * Code that is not trusted is compared with the plain one in its first call: a compiler that is wrong about some kernels is planted,
 * numbers stay right, the kernels are named, and the next process knows. Any Node: what turbo itself makes of kernels is in
 * turbo.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { firstDifference } from "../../src/backends/wasm/runtime/compare-codes.js";
import { type Compiler, plainCompiler } from "../../src/backends/wasm/runtime/modules.js";
import { trialBy } from "../../src/backends/wasm/runtime/trial.js";
import { VerdictFile } from "../../src/backends/wasm/turbo/verdicts.js";
import { turboTarget } from "../../src/backends/wasm/turbo.js";
import { createWasmBackend, type Turbo } from "../../src/backends/wasm/wasm-backend.js";
import { compile, type Tensor, tensor, withBackend } from "../../src/index.js";
import { update } from "../../src/ops/apply.js";
import type { TypedArray } from "../../src/tensor/dtype.js";

const folder = mkdtempSync(join(tmpdir(), "turbo-trial-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const machine = { v8: "1", cpu: "x64 test", flags: [] };
const verdictsIn = (name: string): VerdictFile => new VerdictFile(machine, join(folder, name));

/** Every pmax turned into a pmin: relu gives what is negative, other kernels stay as they are. */
function withMinima(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (let i = 0; i + 2 < changed.length; i++)
    if (changed[i] === 0xfd && changed[i + 1] === 0xeb && changed[i + 2] === 0x01) changed[i + 1] = 0xea;
  return changed;
}

let marks = 0;
/** Its marks keep V8 from finding the code of another one of these. */
function wrongTurbo(verdicts: VerdictFile, change = withMinima) {
  const compiled: number[] = [];
  const mark = [0, 2, 1, ++marks];
  const turboCompiler: Compiler = {
    mark,
    compile: (bytes) => {
      compiled.push(bytes.length);
      return plainCompiler.compile(change(bytes));
    },
    trial: trialBy(verdicts, plainCompiler),
  };
  const turbo: Turbo = {
    turboCompiler,
    turboTarget,
    turboWorks: () => true,
  };
  return { turbo, compiled };
}

const values = Float32Array.from({ length: 70_001 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + i / 7));
const expectSame = (found: TypedArray, expected: TypedArray): void =>
  expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer))).toBe(0);
const positive = (x: number): number => Math.max(x, 0);
const told = (warn: { mock: { calls: unknown[][] } }): string[] => warn.mock.calls.map(([text]) => String(text));

describe.each([1, 2])("a compiler that is wrong about pmax, %i threads", (threads) => {
  it("op by op: right numbers from the first call on, one line that names the kernel", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { turbo } = wrongTurbo(verdictsIn(`eager ${threads}`));
    const backend = createWasmBackend({ threads, turbo });
    await withBackend(backend, () => {
      const x = tensor(values, [values.length]);
      for (let call = 0; call < 3; call++) expectSame(x.relu().dataSync(), values.map(positive));
      // untouched by the change, and in place: a second run of its first call must not show
      const y = tensor(values, [values.length]);
      expectSame(
        y.add(1).dataSync(),
        values.map((v) => v + 1),
      );
    });
    expect(told(warn)).toEqual([
      expect.stringMatching(
        /^wasm: the turbo code of ".*" differs from its plain code, byte \d+ of 280004 .*stays plain$/,
      ),
    ]);
    await backend.dispose();
  });

  it("in a replayed program: the same, with updates in place and several runs", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const run = async (turbo: Turbo | undefined): Promise<number[][]> => {
      const backend = createWasmBackend({ threads, turbo });
      return withBackend(backend, async () => {
        const state = tensor(values, [values.length]);
        const step = compile((x: Tensor) => {
          update("lerp", [state, x.relu()], { weight: 0.25 });
          update("accumulate", [state, x], {});
          return state.sum();
        });
        const sums: number[][] = [];
        for (let i = 0; i < 4; i++)
          sums.push([
            step(
              tensor(
                values.map((v) => v + i),
                [values.length],
              ),
            ).item(),
          ]);
        sums.push([...state.dataSync()]);
        await backend.dispose();
        return sums;
      });
    };
    const found = await run(wrongTurbo(verdictsIn(`program ${threads}`)).turbo);
    expect(told(warn).length).toBeGreaterThan(0);
    warn.mockClear();
    expect(found).toEqual(await run(wrongTurbo(verdictsIn(`right ${threads}`), (bytes) => bytes).turbo));
    // code that is right is taken for right, in place too
    expect(told(warn)).toEqual([]);
  });
});

describe("what was found", () => {
  it("is kept: the next process compiles no code that differed, compares none that did not, and says so", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const relu = async (verdicts: VerdictFile) => {
      const { turbo, compiled } = wrongTurbo(verdicts);
      const backend = createWasmBackend({ threads: 1, turbo });
      await withBackend(backend, () => {
        const x = tensor(values, [values.length]);
        expectSame(x.relu().dataSync(), values.map(positive));
        expectSame(
          x.neg().dataSync(),
          values.map((v) => -v),
        );
      });
      verdicts.flush();
      return compiled.length;
    };
    expect(await relu(verdictsIn("kept"))).toBe(2);
    expect(
      Object.values((JSON.parse(readFileSync(verdictsIn("kept").path, "utf8")) as { kernels: object }).kernels).sort(),
    ).toEqual([false, true]);
    warn.mockClear();
    expect(await relu(verdictsIn("kept"))).toBe(1);
    expect(told(warn)).toEqual([expect.stringContaining("differed from its plain code when it was compared")]);
  });

  it("is another file for another V8, processor or list of flags", () => {
    const others = [
      { ...machine, v8: "2" },
      { ...machine, cpu: "x64 other" },
      { ...machine, flags: ["--a"] },
    ];
    const paths = [machine, ...others].map((one) => new VerdictFile(one, folder).path);
    expect(new Set(paths).size).toBe(4);
  });

  it("joins what two processes write, the worse verdict wins", () => {
    const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    const [one, two] = [verdictsIn("joint"), verdictsIn("joint")];
    expect([one.find(a), two.find(a), two.works]).toEqual([null, null, false]);
    one.keep(a, true);
    one.keep(b, false);
    one.keepWorks();
    one.flush();
    two.keep(b, true);
    two.keep(c, true);
    two.flush();
    const next = verdictsIn("joint");
    expect([a, b, c].map((bytes) => next.find(bytes))).toEqual([true, false, true]);
    expect(next.works).toBe(true);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"format":"tensorone-turbo-1","kernels":[true],"works":1}',
  ])("is nothing in a damaged file: %s", (text) => {
    const file = verdictsIn("damaged");
    file.keep(Uint8Array.of(1), true);
    file.flush();
    writeFileSync(file.path, text);
    const next = verdictsIn("damaged");
    expect([next.find(Uint8Array.of(1)), next.works]).toEqual([null, false]);
    next.keep(Uint8Array.of(2), true);
    next.flush();
    expect(verdictsIn("damaged").find(Uint8Array.of(2))).toBe(true);
  });

  it("is held by this process alone where the folder cannot be made", () => {
    writeFileSync(join(folder, "a file"), "");
    const file = verdictsIn(join("a file", "below"));
    file.keep(Uint8Array.of(1), false);
    file.flush();
    expect(file.find(Uint8Array.of(1))).toBe(false);
  });
});

describe("bits", () => {
  const bytesOf = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
  it("of NaN may have either sign, other numbers may not, and whole numbers that look alike", () => {
    expect(firstDifference(bytesOf(7, 0x7fc00000), bytesOf(7, 0xffc00000))).toBe(-1);
    expect(firstDifference(bytesOf(7, 0x3f800000), bytesOf(7, 0xbf800000))).toBe(4);
    expect(firstDifference(bytesOf(0xffffffff), bytesOf(0xfffffffe))).toBe(0);
    expect(firstDifference(bytesOf(0), bytesOf(0x80000000))).toBe(0);
  });
  it("count at the end of pieces that are no whole words, and from addresses that are not aligned", () => {
    expect(firstDifference(Uint8Array.of(0, 0, 0, 0, 1), Uint8Array.of(0, 0, 0, 0, 2))).toBe(4);
    expect(firstDifference(Uint8Array.of(9, 1, 2, 3, 4).subarray(1), Uint8Array.of(1, 2, 3, 5))).toBe(0);
  });
});
