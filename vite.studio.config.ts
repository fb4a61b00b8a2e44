/**
 * Bundles the studio into dist/studio: the page, its workers, the engine from src/. Paths are relative, so the folder works below any
 * address. What package.json chooses for browsers is chosen here by hand, as src/ is bundled and not the package.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { defineConfig, type Plugin } from "vite";
import { isolation, policy } from "./studio/policy.js";
import { buildTakePage } from "./studio/take-page/build-page.js";
import { withoutGpu } from "./studio/without-gpu.js";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const alias = {
  "#pictures": here("src/data/codecs/no-files.ts"),
  "#turbo": here("src/backends/wasm/no-turbo.ts"),
  "#webgpu": here("src/backends/gpu/no-dawn.ts"),
  "tensorone/methods": here("src/methods-entry.ts"),
  "tensorone/nn": here("src/nn-entry.ts"),
  "tensorone/optim": here("src/optim-entry.ts"),
  tensorone: here("src/index.ts"),
};

/** The sample pictures as the zip that the page asks for, the same bytes from every build. */
const samples: Plugin = {
  name: "studio-samples",
  generateBundle() {
    const folder = here("studio/samples");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jpg"));
    const entries = names
      .sort()
      .map((name) => [name.replaceAll("\\", "/"), readFileSync(`${folder}/${name}`)] as const);
    const source = zipSync(Object.fromEntries(entries), { level: 0, mtime: new Date(1980, 0, 1) });
    this.emitFile({ type: "asset", fileName: "samples.zip", source });
  },
};

/** The page that a model is taken away in, which the worker asks for when it fills one. */
const takePage: Plugin = {
  name: "studio-take-page",
  async generateBundle() {
    this.emitFile({ type: "asset", fileName: "take-page.html", source: await buildTakePage(alias) });
  },
};

/** What reports draw their curves with, for the worker that writes one. */
const uplot: Plugin = {
  name: "studio-uplot",
  generateBundle() {
    const read = (name: string): string => readFileSync(here(`node_modules/uplot/${name}`), "utf8");
    const texts = {
      script: read("dist/uPlot.iife.min.js"),
      style: read("dist/uPlot.min.css"),
      license: read("LICENSE"),
    };
    this.emitFile({ type: "asset", fileName: "uplot.json", source: JSON.stringify(texts) });
  },
};

/** Packages of the pages' bundle, whose licences go with it. */
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "uplot", "fflate", "fast-png", "iobuffer"];
const licences: Plugin = {
  name: "studio-licences",
  generateBundle() {
    const texts = bundled.map(
      (name) => `${name}\n\n${readFileSync(here(`node_modules/${name}/LICENSE`), "utf8").trim()}\n`,
    );
    this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join(`\n${"-".repeat(72)}\n\n`) });
  },
};

/** Puts the policy into the page, and beside it the headers that servers send: one text for both. */
const headers: Plugin = {
  name: "studio-headers",
  transformIndexHtml: (html) => html.replace("%POLICY%", policy),
  generateBundle() {
    const source = `${JSON.stringify({ ...isolation, "Content-Security-Policy": policy }, null, 2)}\n`;
    this.emitFile({ type: "asset", fileName: "headers.json", source });
  },
};

export default defineConfig({
  root: here("studio"),
  base: "./",
  publicDir: false,
  logLevel: "warn",
  resolve: { alias },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [withoutGpu(), headers, samples, takePage, uplot, licences],
  worker: { format: "es", plugins: () => [withoutGpu()] },
  build: {
    outDir: here("dist/studio"),
    emptyOutDir: true,
    target: "es2022",
    // files of their own: the policy allows no script in an address
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: { index: here("studio/index.html"), "service-worker": here("studio/sw/service-worker.ts") },
      output: {
        // a service worker serves the folder that it lies in, under a name that stays
        entryFileNames: ({ name }) => (name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
