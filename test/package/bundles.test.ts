/**
 * The installed package through four bundlers, run in headless Chromium: ten training steps on wasm with two threads, which give
 * Node's bits, and on WebGPU (SwiftShader, on the processor). The projects for wasm have no gpu.js.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { bundle, bundlers, makeProject, serve } from "./bundlers.js";
import { missing, run, said } from "./programs.js";

interface Answer {
  readonly backend: string;
  readonly threads: number;
  readonly losses: readonly number[];
}

const { home, project } = inject("installed");
const modules = join(project, "node_modules");
const program = join(import.meta.dirname, "project");
const gpuJs = join(import.meta.dirname, "..", "..", "node_modules", "gpu.js");
const STEPS = 10;
const THREADS = 2;
/** Of WebGPU on another driver: float32 sums in another order, through ten steps. */
const GPU_TOLERANCE = 1e-4;
/** Functions and layers of every chapter, with gradients. */
const chapterProgram = `
import {
  arange, compile, conv2dBias, cumsum, fallbacks, gather, gelu, interpolate, layerNorm, ones, patchMoments, setBackend, sort, tensor, zeros,
} from "tensorone";
import * as nn from "tensorone/nn";
import * as optim from "tensorone/optim";
await setBackend("wasm", { threads: 1 });
const x = arange(2 * 8 * 8 * 3).reshape([2, 8, 8, 3]).mul(0.01);
x.requiresGrad = true;
const net = new nn.Sequential(new nn.BatchNorm2d(3), new nn.MaxPool2d({ kernelSize: 2 }));
layerNorm(interpolate(net.forward(x), { size: [8, 8] }), [3]).square().sum().backward();
patchMoments(x.detach(), 3, { padding: 1 });
const [w, table] = [ones([3, 3, 3, 4]).mul(0.01), arange(12).reshape([6, 2]).mul(0.1)];
for (const each of [w, table]) each.requiresGrad = true;
const optimizer = new optim.AdamW([w, table], { lr: 0.1 });
conv2dBias(x.detach(), w, zeros([4]), { activation: "relu" }).sum().backward();
const rows = gather(table, tensor(Int32Array.of(5, 0, 5)));
gelu(cumsum(sort(rows, 0)[0], 0)).silu().sum().backward();
const twice = compile((y) => y.mul(2).relu());
for (let i = 0; i < 3; i++) twice(w.detach());
optimizer.step();
console.log([x, w, table].map(({ grad }) => grad.square().sum().item()).join(" "), JSON.stringify(fallbacks()));`;
/** A method that the program brings with its function, and one that it lacks. */
const methodProgram = `
import { setBackend, std, tensor } from "tensorone";
await setBackend("wasm", { threads: 1 });
const x = tensor([1, 2, 3]);
console.log(std(x).item(), x.std().item());
try { x.silu(); } catch (error) { console.log(error.message); }`;
const allMethodsProgram = `
import "tensorone/methods";
import { tensor } from "tensorone";
const x = tensor([1, 2, 3]);
console.log(x.silu().shape, x.cumsum().toArray(), x.fmod(2).toArray(), x.at(0).item(), x.sort()[1].toArray());`;

/** Programs and the most that a page may load for them before it asks for a GPU, in KB of 1,024 bytes. */
const sizes: Readonly<Record<string, { readonly lines: readonly string[]; readonly mostKB: number }>> = {
  "tensor and setBackend": {
    lines: [
      'import { setBackend, tensor } from "tensorone";',
      'await setBackend("wasm");',
      "console.log(tensor([1, 2, 3]).mul(2).toArray());",
    ],
    mostKB: 52,
  },
  "the CNN of the README": {
    lines: [
      'import { rand, setBackend, tensor } from "tensorone";',
      'import * as nn from "tensorone/nn";',
      'import * as optim from "tensorone/optim";',
      'await setBackend("wasm", { threads: 2 });',
      "class Net extends nn.Module {",
      '  blocks = [1, 8].map((channels) => new nn.Conv2d(channels, 8, { kernelSize: 3, padding: "same" }));',
      "  fc = new nn.Linear(8, 10);",
      "  forward(x) {",
      "    for (const block of this.blocks) x = block.forward(x).relu();",
      "    return this.fc.forward(x.mean([1, 2]));",
      "  }",
      "}",
      "const net = new Net();",
      "const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });",
      "nn.crossEntropy(net.forward(rand([2, 28, 28, 1])), tensor(Int32Array.of(3, 7))).backward();",
      "optimizer.step();",
    ],
    mostKB: 61,
  },
  everything: { lines: ['import * as all from "tensorone";', "globalThis.tensorone = all;"], mostKB: 216 },
};

const withoutGpu = join(home, "bundled-wasm");
const withGpu = join(home, "bundled-gpu");

/** Ten steps in Node, by the same program. */
function expectedLosses(): readonly number[] {
  const lines = `import { steps } from "./steps.js";\nconsole.log(JSON.stringify(await steps("wasm", { threads: ${THREADS} })));\n`;
  writeFileSync(join(withoutGpu, "node.js"), lines);
  return (JSON.parse(said(run(process.execPath, ["node.js"], withoutGpu), "ten steps in Node")) as Answer).losses;
}

const noTools = missing(bundlers[0]!.program);

describe.skipIf(executable === undefined || noTools !== false)("bundled by", () => {
  let browser: Browser;
  let expected: readonly number[];
  beforeAll(async () => {
    makeProject(withoutGpu, modules, program, null);
    makeProject(withGpu, modules, program, gpuJs);
    expected = expectedLosses();
    expect(new Set(expected).size).toBe(STEPS);
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** Runs the steps in a page of `folder`. */
  async function inPage(folder: string, backend: "wasm" | "gpu"): Promise<Answer & { readonly complaints: string[] }> {
    const server = await serve(folder);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    try {
      await page.goto(`${server.url}/`);
      await page.waitForFunction("typeof globalThis.steps === 'function'");
      // as text, which the test runner leaves alone
      const call = `globalThis.steps(${JSON.stringify(backend)}, { threads: ${THREADS}, allowSoftware: true })`;
      return { ...((await page.evaluate(call)) as Answer), complaints };
    } finally {
      await page.close();
      await server.close();
    }
  }

  describe.each(bundlers)("$name", (bundler) => {
    it("trains on wasm with two threads, to Node's bits, where gpu.js is not installed", async () => {
      const out = join(withoutGpu, "out", bundler.name);
      bundle(bundler, withoutGpu, out);
      const { losses, threads, complaints } = await inPage(out, "wasm");
      expect(complaints).toEqual([]);
      expect(threads).toBe(THREADS);
      expect(losses).toEqual(expected);
    });

    it("trains on WebGPU", async () => {
      const out = join(withGpu, "out", bundler.name);
      bundle(bundler, withGpu, out);
      const { losses, backend, complaints } = await inPage(out, "gpu");
      expect(complaints).toEqual([]);
      expect(backend).toContain("webgpu");
      expect(losses.length).toBe(STEPS);
      for (const [i, loss] of losses.entries()) expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(GPU_TOLERANCE);
    });
  });

  it("esbuild, a chapter's kernels come with its functions and layers", () => {
    writeFileSync(join(withoutGpu, "main.js"), `${chapterProgram}\n`);
    const out = join(withoutGpu, "out", "chapters");
    bundle(bundlers[0]!, withoutGpu, out);
    const [plain, bundled] = ["main.js", join(out, "main.js")].map((file) =>
      said(run(process.execPath, [file], withoutGpu), file),
    );
    expect(bundled).toBe(plain);
    // no op in the reference's loops
    expect(bundled).toMatch(/^[\d. ]+ \[\]\n$/);
  });

  it("esbuild, methods come with the functions of their names, and the others say so", () => {
    const outputs = [methodProgram, allMethodsProgram].map((program, i) => {
      writeFileSync(join(withoutGpu, "main.js"), `${program}\n`);
      const out = join(withoutGpu, "out", `methods-${i}`);
      bundle(bundlers[0]!, withoutGpu, out);
      return said(run(process.execPath, [join(out, "main.js")], withoutGpu), "main.js");
    });
    expect(outputs[0]).toMatch(/^1 1\nsilu: this bundle has no such method/);
    expect(outputs[0]).toContain('import { silu } from "tensorone"');
    expect(outputs[1]).toBe("[ 3 ] [ 1, 3, 6 ] [ 1, 0, 1 ] 1 [ 0, 1, 2 ]\n");
  });

  it.each(Object.entries(sizes))("esbuild, %s is small", (name, { lines, mostKB }) => {
    writeFileSync(join(withoutGpu, "main.js"), `${lines.join("\n")}\n`);
    const out = join(withoutGpu, "out", name.replaceAll(/\W+/g, "-"));
    bundle(bundlers[0]!, withoutGpu, out);
    const bytes = loadedAtOnce(out, "main.js").map(
      (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length,
    );
    const total = bytes.reduce((sum, n) => sum + n, 0);
    console.log(`  ${name}: ${(total / 1024).toFixed(1)} KB minified and compressed, in ${bytes.length} files`);
    expect(total).toBeLessThanOrEqual(mostKB * 1024);
  });
});

/** The entry and what it imports before it runs, and so on; not what it may load later. */
function loadedAtOnce(folder: string, entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found)
    for (const [, name] of readFileSync(join(folder, file), "utf8").matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g))
      if (readdirSync(folder).includes(name!) && statSync(join(folder, name!)).isFile()) found.add(name!);
  return [...found];
}
