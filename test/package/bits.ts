/**
 * What a runtime computes, as bits: ten training steps of S0 on random pictures, and the conformance grid without its large cases,
 * both on wasm. Prints one JSON object; runs in any runtime, beside the built package (place-bits.ts).
 * Usage: bits.js steps|grid [no-fma]
 */
import { createHash } from "node:crypto";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { compile, models, nn, optim, randn, type TypedArray, tensor, withBackend } from "../../src/index.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import { type Case, cases, type GridOp } from "../conformance/cases/index.js";
import { resultsOf } from "../conformance/results.js";

const [BATCH, SIDE, CLASSES, STEPS] = [4, 32, 10, 10];

const [what, option] = process.argv.slice(2);
const backend = createWasmBackend({ threads: 2, ...(option === "no-fma" && { target: { fma: false } }) });

/** All NaNs are one: which bits a processor gives them is its own affair. */
const bytesOf = (values: TypedArray): Uint8Array => {
  const plain = values.slice().map((value) => (Number.isNaN(value) ? Number.NaN : value));
  return new Uint8Array(plain.buffer);
};

const steps = (): Promise<number[]> =>
  withBackend(backend, async () => {
    const model = models.createModel("mobileone_s0", { numClasses: CLASSES, seed: 0 });
    const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.01, momentum: 0.9 });
    const images = randn([BATCH, SIDE, SIDE, 3], { seed: 5 });
    const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES));
    const step = compile((x, y) => {
      const loss = nn.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    const losses: number[] = [];
    for (let i = 0; i < STEPS; i++) losses.push((await step(images, labels).data())[0]!);
    return losses;
  });

/** A digest of the results of each op's cases. */
async function grid(): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const op of Object.keys(cases) as GridOp[]) {
    const all: readonly Case<Attrs<OpName>>[] = cases[op];
    const hash = createHash("sha256");
    const results = await resultsOf(
      backend,
      op,
      all.filter(({ isLarge }) => isLarge !== true),
    );
    for (const { values } of results.flat()) hash.update(bytesOf(values));
    digests[op] = `${results.length} cases ${hash.digest("hex").slice(0, 16)}`;
  }
  return digests;
}

console.log(JSON.stringify(what === "grid" ? await grid() : await steps()));
process.exit();
