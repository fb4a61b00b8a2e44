/**
 * Turbo on a Node that has it: every op of the conformance grid and every update on paired vectors against the reference, with 1
 * and 2 threads; then steps of training with and without. turbo.test.ts runs it, on the compiled package:
 * node test/wasm/turbo-node.mjs
 * Writes one JSON object to stdout; what went wrong is in `failures`.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..", "..");
const dist = pathToFileURL(join(root, "dist")).href;

// the grid is TypeScript, which this Node reads; what it imports of src/ is the compiled twin
registerHooks({
  resolve(specifier, context, next) {
    const inSource = /^(?:\.\.\/)+src\/(.*)$/.exec(specifier);
    if (inSource) return next(`${dist}/${inSource[1]}`, context);
    if (specifier.startsWith("./") && context.parentURL?.endsWith(".ts"))
      return next(specifier.replace(/\.js$/, ".ts"), context);
    return next(specifier, context);
  },
});

// before the grid: some of its cases ask the shape rules of chapters
await import(`${dist}/chapters/index.js`);
const { cases, dtypeOfInput } = await import("../conformance/cases/index.ts");
const { relativeError, valuesOf } = await import("../conformance/numbers.ts");
const { updateCases, updateNames } = await import("../conformance/update-cases.ts");
const { createWasmBackend } = await import(`${dist}/backends/wasm/wasm-backend.js`);
const turbo = await import(`${dist}/backends/wasm/turbo.js`);
const { referenceBackend } = await import(`${dist}/backends/reference/index.js`);
const { wasmKernels } = await import(`${dist}/backends/wasm/kernels/index.js`);
const { apply, update } = await import(`${dist}/ops/apply.js`);
const { allocate } = await import(`${dist}/tensor/create.js`);
const { models, scope, withBackend } = await import(`${dist}/index.js`);
const { mobileoneS0 } = await import(`${dist}/models/mobileone/recipe-s0.js`);
const { Session } = await import(`${dist}/train/steps/session.js`);
const { WholeUpdate } = await import(`${dist}/train/steps/whole-update.js`);

/** The conformance suite's bar. */
const TOLERANCE = 1e-5;
const LOSS_TOLERANCE = 1e-3;
const STEPS = 3;

const failures = [];
const bytesOf = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const outputsOf = (on, op, { inputs, attrs }) =>
  scope(() => {
    const xs = inputs.map((spec, i) =>
      allocate(spec.shape, dtypeOfInput(spec, "float32"), on).write(valuesOf(spec, 11 + i, "float32")),
    );
    return apply(op, xs, attrs).map((y) => y.dataSync());
  });

/** A result on 1 and on 2 threads, against the reference's and each other. */
function check(label, expected, single, double) {
  const error = relativeError(single, expected);
  if (!(error < TOLERANCE)) failures.push(`${label}: error ${error}, expected less than ${TOLERANCE}`);
  if (Buffer.compare(bytesOf(single), bytesOf(double)) !== 0)
    failures.push(`${label}: 1 and 2 threads differ, expected the same bits`);
}

function checkGrid(one, two) {
  let count = 0;
  for (const op of Object.keys(wasmKernels))
    for (const row of cases[op]) {
      count++;
      const expected = outputsOf(referenceBackend, op, row);
      const single = outputsOf(one, op, row);
      const double = outputsOf(two, op, row);
      for (const [i, values] of expected.entries())
        check(`${op}, output ${i} of ${JSON.stringify(row)}`, values, single[i], double[i]);
    }
  return count;
}

/** A single lane, a rest, several vectors with a rest, several tasks. */
const UPDATE_SIZES = [1, 3, 21, 70_001];

/** All operands after an update of `size` elements. */
const updated = (on, op, attrs, size) =>
  scope(() => {
    const operands = updateCases[op].fills.map((fill, i) =>
      allocate([size], "float32", on).write(valuesOf({ shape: [size], fill }, 11 + i, "float32")),
    );
    update(op, operands, attrs);
    return operands.map((x) => x.dataSync());
  });

function checkUpdates(one, two) {
  for (const op of updateNames)
    for (const attrs of updateCases[op].attrs)
      for (const size of UPDATE_SIZES) {
        const [single, double] = [one, two].map((on) => updated(on, op, attrs, size));
        for (const [i, values] of updated(referenceBackend, op, attrs, size).entries())
          check(`${op} of ${size}, operand ${i} of ${JSON.stringify(attrs)}`, values, single[i], double[i]);
      }
}

/** Losses of a few steps of MobileOne-S0 on made-up pictures. */
const train = (backend, training) =>
  withBackend(backend, () => {
    const [size, height, width, numClasses] = [4, 32, 32, 10];
    const model = models.createModel("mobileone_s0", { numClasses, seed: 1, training });
    const update = new WholeUpdate(new Session({ ...mobileoneS0, model: "mobileone_s0" }, model, 100));
    const batch = {
      images: Uint8Array.from({ length: size * height * width * 3 }, (_, i) => (i * 2654435761) >>> 24),
      labels: Int32Array.from({ length: size }, (_, i) => (i * 7) % numClasses),
      indices: Uint32Array.from({ length: size }, (_, i) => i),
      ...{ size, height, width, dataWaitMs: 0, next: { epoch: 0, position: 0 }, release: () => {} },
    };
    return Array.from({ length: STEPS }, () => update.run(batch).loss);
  });

const one = createWasmBackend({ threads: 1, turbo });
const two = createWasmBackend({ threads: 2, turbo });
const plain = createWasmBackend({ threads: 2 });
const compared = checkGrid(one, two);
checkUpdates(one, two);
const kernelsOfGrid = two.stats.kernels;
const losses = {};
for (const training of ["plain", "auto"]) {
  const [expected, found] = [await train(plain, training), await train(two, training)];
  losses[training] = { expected, found };
  for (const [i, loss] of expected.entries())
    if (!(Math.abs(found[i] - loss) < LOSS_TOLERANCE))
      failures.push(`loss ${i} of ${training} training: ${found[i]}, expected ${loss} within ${LOSS_TOLERANCE}`);
}

const targetOf = ({ turbo, target: { lanes } }) => ({ turbo, lanes });
process.stdout.write(
  JSON.stringify({
    ...{ node: process.versions.node, failures, compared, losses },
    backends: [one, two, plain].map(targetOf),
    kernelsOfTraining: two.stats.kernels - kernelsOfGrid,
  }),
);
// worker threads may still be parked
process.stdout.write("\n", () => process.exit());
