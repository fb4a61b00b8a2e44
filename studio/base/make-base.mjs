/**
 * The studio's weights, from the bundled demo set: MobileOne-S0 by the demo recipe at 64 px, folded, in float16.
 * Usage: node studio/base/make-base.mjs RUN_DIR [DATA EPOCHS OUT], after npm run build; trains where RUN_DIR holds no run yet.
 * demo.safetensors: all ten classes, 12 epochs: 73 % of the 500 validation pictures. test/studio/five.safetensors: the first five
 * classes, 16 epochs: 72.8 % of 250; the tests learn the other five on it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { changeRecipe, demoRecipe, io, setBackend, train } from "../../dist/node.js";

const IMAGE_SIZE = 64;
const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const [run, data = fromRoot("demo/fashion-mnist"), epochs = "12", out = fromRoot("studio/base/demo.safetensors")] =
  process.argv.slice(2);
const folded = join(run, "model-deploy.safetensors");
if (!existsSync(folded)) {
  await setBackend("wasm", { threads: 2 });
  const recipe = changeRecipe(demoRecipe("mobileone_s0"), { imageSize: IMAGE_SIZE, epochs: Number(epochs) });
  const { validation } = await train({
    data,
    out: run,
    recipe,
    seed: 0,
    workers: 0,
    loggers: [],
    backendLabel: "wasm",
  });
  console.log(`top-1 ${validation?.top1} % of ${validation?.images}`);
}
const { entries, metadata } = io.decodeSafetensors(readFileSync(folded), folded);
const halves = new Map([...entries].map(([name, entry]) => [name, { ...entry, code: "F16" }]));
writeFileSync(out, io.encodeSafetensors(halves, metadata, { hashes: true }));
