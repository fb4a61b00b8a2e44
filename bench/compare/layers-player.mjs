/**
 * A player (see bench/measure/player.ts) that builds the deploy form in another tensor engine, layer by layer:
 * layers-player.mjs ENGINE WORK LAYERS. LAYERS is the JSON file of block specs that peers.ts writes. Weights are random:
 * how fast a network is does not depend on them. Plain JavaScript, since the engines' types are installed for nobody else.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { createInterface } from "node:readline";

const [engine, workText, layersFile] = process.argv.slice(2);
const { batch, imageSize, threads } = JSON.parse(workText);
const { blocks, features, numClasses } = JSON.parse(readFileSync(layersFile, "utf8"));
const require = createRequire(import.meta.url);
const versionOf = (name) =>
  JSON.parse(readFileSync(`${import.meta.dirname}/node_modules/${name}/package.json`, "utf8")).version;
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const floats = (size, scale) => Float32Array.from({ length: size }, () => (Math.random() - 0.5) * scale);

/** tfjs's WebAssembly backend: NHWC, weights [KH, KW, Cin, Cout], bias and relu fused into the convolution. */
async function startTfjs() {
  const tf = require("@tensorflow/tfjs-core");
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  wasm.setThreadsCount(threads);
  await tf.setBackend("wasm");
  const layers = blocks.map(({ inChannels, outChannels, kernelSize, stride, padding, groups, squeezeExciteRatio }) => {
    const isDepthwise = groups > 1;
    const filterShape = [kernelSize, kernelSize, inChannels, isDepthwise ? 1 : outChannels];
    const fanIn = kernelSize ** 2 * (inChannels / groups);
    const filter = tf.tensor(
      floats(
        filterShape.reduce((a, b) => a * b),
        4 / Math.sqrt(fanIn),
      ),
      filterShape,
    );
    const bias = tf.tensor1d(floats(outChannels, 0.1));
    const convolve = isDepthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
    if (squeezeExciteRatio === null) {
      const options = { filter, bias, strides: stride, pad: padding, activation: "relu" };
      return (x) => convolve({ x, ...options });
    }
    const inner = outChannels / squeezeExciteRatio;
    const down = tf.tensor2d(floats(outChannels * inner, 0.1), [outChannels, inner]);
    const up = tf.tensor2d(floats(outChannels * inner, 0.1), [inner, outChannels]);
    return (x) => {
      const y = convolve({ x, filter, bias, strides: stride, pad: padding });
      const scale = tf.sigmoid(tf.matMul(tf.relu(tf.matMul(tf.mean(y, [1, 2]), down)), up));
      return tf.relu(tf.mul(y, tf.reshape(scale, [batch, 1, 1, outChannels])));
    };
  });
  const head = tf.tensor2d(floats(features * numClasses, 0.1), [features, numClasses]);
  const images = tf.tensor4d(floats(batch * imageSize ** 2 * 3, 2), [batch, imageSize, imageSize, 3]);
  const step = async () => {
    const logits = tf.tidy(() =>
      tf.matMul(
        tf.mean(
          layers.reduce((x, layer) => layer(x), images),
          [1, 2],
        ),
        head,
      ),
    );
    const values = await logits.data();
    logits.dispose();
    return values;
  };
  return { step, version: versionOf("@tensorflow/tfjs-backend-wasm") };
}

/** jax-js's WebAssembly backend: NCHW as its convolutions want it, the whole network under jit. In Node it has one thread. */
async function startJax() {
  const { init, defaultDevice, jit, lax, nn, numpy: np } = await import("@jax-js/jax");
  await init("wasm");
  defaultDevice("wasm");
  const array = (shape, scale) =>
    np
      .array(
        floats(
          shape.reduce((a, b) => a * b),
          scale,
        ),
      )
      .reshape(shape);
  const weights = blocks.map(({ inChannels, outChannels, kernelSize, groups, squeezeExciteRatio }) => ({
    filter: array(
      [outChannels, inChannels / groups, kernelSize, kernelSize],
      4 / (kernelSize * Math.sqrt(inChannels / groups)),
    ),
    bias: array([1, outChannels, 1, 1], 0.1),
    ...(squeezeExciteRatio !== null && {
      down: array([outChannels, outChannels / squeezeExciteRatio], 0.1),
      up: array([outChannels / squeezeExciteRatio, outChannels], 0.1),
    }),
  }));
  const head = array([features, numClasses], 0.1);
  const network = jit((x, layers, last) => {
    blocks.forEach(({ stride, padding, groups, outChannels }, i) => {
      const { filter, bias, down, up } = layers[i];
      const pad = [
        [padding, padding],
        [padding, padding],
      ];
      x = lax.convGeneralDilated(x, filter, [stride, stride], pad, { featureGroupCount: groups }).add(bias);
      if (down !== undefined) {
        const scale = nn.sigmoid(np.matmul(nn.relu(np.matmul(np.mean(x.ref, [2, 3]), down)), up));
        x = x.mul(scale.reshape([batch, outChannels, 1, 1]));
      }
      x = nn.relu(x);
    });
    return np.matmul(np.mean(x, [2, 3]), last);
  });
  const images = array([batch, 3, imageSize, imageSize], 2);
  // arrays are consumed by use: each call gets references of its own
  const refs = () =>
    weights.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value.ref])));
  const step = () => network(images.ref, refs(), head.ref).data();
  return { step, version: versionOf("@jax-js/jax") };
}

const engines = {
  "tfjs-wasm": { start: startTfjs, threads: Number.POSITIVE_INFINITY },
  "jax-js": { start: startJax, threads: 1 },
};

async function play() {
  const { start, threads: most } = engines[engine];
  if (threads > most) return say({ skip: `it has ${most} thread in Node, ${threads} were asked for` });
  const { step, version } = await start();
  const logits = await step();
  if (logits.length !== batch * numClasses || !logits.every(Number.isFinite))
    throw new Error(`${logits.length} logits`);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "end") break;
    const before = performance.now();
    await step();
    say({ ms: performance.now() - before });
  }
  say({ peakResidentBytes: 1024 * process.resourceUsage().maxRSS, version });
}

await play();
process.exit();
