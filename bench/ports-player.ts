/**
 * A process that runs a network of examples/ step by step when told to (see measure/player.ts), with the built package that those
 * import: node build/bench/ports-player.js '{"form":"train",…}'
 */
import { createInterface } from "node:readline";
import { compile, nn, noGrad, optim, rand, scope, setBackend, type Tensor, tensor } from "tensorone";
import { ConvNeXtTiny } from "../examples/convnext-tiny.js";
import { MobileNetV3Small } from "../examples/mobilenet-v3-small.js";
import { VitTiny } from "../examples/vit-tiny.js";
import type { PortName, PortWork } from "./work/ports.js";

const networks: { readonly [N in PortName]: (imageSize: number) => nn.Module } = {
  mobilenet_v3_small: () => new MobileNetV3Small(),
  convnext_tiny: () => new ConvNeXtTiny(),
  vit_tiny: (imageSize) => new VitTiny({ imageSize }),
};

function prepare({ model: name, form, imageSize, batch }: PortWork): () => void {
  const model = networks[name](imageSize);
  const images = rand([batch, imageSize, imageSize, 3], { seed: 0 }).keep();
  if (form === "deploy") {
    model.eval();
    const answer = compile((x: Tensor) => noGrad(() => model.forward(x)));
    // reading the answer is part of giving it
    return () => scope(() => void answer(images).dataSync());
  }
  const labels = tensor(Int32Array.from({ length: batch }, (_, i) => (i * 389) % 1000)).keep();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-4, weightDecay: 0.05 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });
  return () => scope(() => void step(images, labels).item());
}

const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const work = JSON.parse(process.argv[2]!) as PortWork;
const backend = await setBackend("wasm", { threads: work.threads });
const runStep = prepare(work);
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  const start = performance.now();
  runStep();
  say({ ms: performance.now() - start });
}
say({
  peakResidentBytes: 1024 * process.resourceUsage().maxRSS,
  version: `Node ${process.version.slice(1)}`,
  fallbacks: backend.stats.fallbacks,
});
// worker threads may still be parked
process.exit();
