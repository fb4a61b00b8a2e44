/**
 * A player (see bench/measure/player.ts) around ONNX Runtime, native or WebAssembly: onnx-player.mjs PACKAGE WORK FILE. Plain
 * JavaScript, since the package's types are installed for nobody else.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [packageName, workText, file] = process.argv.slice(2);
const { batch, imageSize, threads } = JSON.parse(workText);
const ort = await import(packageName);
// of this folder, or the checkout's
const folder = createRequire(import.meta.url)
  .resolve.paths(packageName)
  .map((modules) => join(modules, packageName))
  .find((found) => existsSync(found));
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const isWeb = packageName === "onnxruntime-web";
if (isWeb) ort.env.wasm.numThreads = threads;
const session = await ort.InferenceSession.create(readFileSync(file), {
  executionProviders: [isWeb ? "wasm" : "cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});
const shape = [batch, 3, imageSize, imageSize];
const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.5 + Math.random());
const images = new ort.Tensor("float32", pixels, shape);
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  const start = performance.now();
  await session.run({ [session.inputNames[0]]: images });
  say({ ms: performance.now() - start });
}
say({ peakResidentBytes: 1024 * process.resourceUsage().maxRSS, version });
process.exit();
