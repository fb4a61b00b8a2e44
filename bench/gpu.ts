/**
 * The gpu backend on whatever device answers: µs to enqueue an op, eager and replayed; GFLOP/s of matrix products in
 * hand-written WGSL beside gpu.js's kernel; images/s of S0's training step by batch size. One command, one JSON on stdout:
 *
 *   node build/bench/gpu.js [--batches 32,256] [--size 224] [--steps 5] [--no-training]
 *
 * after npx tsc -p tsconfig.bench.json. It needs gpu.js and webgpu from npm, a Vulkan driver and
 * libvulkan1, nothing else.
 */
import { parseArgs } from "node:util";
import { withBackend } from "../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../src/backends/gpu/gpu-backend.js";
import { useTiledProducts } from "../src/backends/gpu/wgsl/product.js";
import { compile, matmul, models, nn, optim, randn, relu, scope, type Tensor, tensor } from "../src/index.js";

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "32" },
    size: { type: "string", default: "224" },
    steps: { type: "string", default: "5" },
    "no-training": { type: "boolean", default: false },
  },
});

const now = (): number => performance.now();
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!;
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** Waits for everything enqueued so far. */
const settle = (x: Tensor) => x.slice([0], [1]).data();

/** Ops of the chain: a step of S0 has a few thousand. */
const CHAIN = 2000;

/** A chain of small ops: what the host spends on each. */
async function enqueueCost(backend: GpuBackend) {
  const chain = (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < CHAIN; i++) y = relu(y);
    return y;
  };
  const x = randn([1024]);
  const replayed = compile(chain);
  const time = async (run: (x: Tensor) => Tensor): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 12; i++) {
      const start = now();
      const y = scope(() => run(x));
      const spent = now() - start;
      await settle(y);
      y.dispose();
      if (i >= 4) times.push((spent * 1000) / CHAIN);
    }
    return median(times);
  };
  const result = { eagerUs: await time(chain), replayedUs: await time(replayed), stats: backend.stats };
  replayed.dispose();
  return result;
}

const shapes = [
  [512, 512, 512],
  [6272, 128, 128],
  [1568, 1024, 1024],
  [128, 128, 6272],
] as const;

async function products() {
  const rows = [];
  for (const [m, n, k] of shapes) {
    const a = randn([m, k], { seed: 1 });
    const b = randn([k, n], { seed: 2 });
    const gflops = async (isTiled: boolean): Promise<number> => {
      const before = useTiledProducts(isTiled);
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        const start = now();
        const y = scope(() => matmul(a, b).reshape([-1]));
        await settle(y);
        y.dispose();
        if (i > 0) times.push(now() - start);
      }
      useTiledProducts(before);
      return (2 * m * n * k) / median(times) / 1e6;
    };
    const row = { m, n, k, tiledGflops: await gflops(true), gpujsGflops: await gflops(false) };
    tell(`product ${m}x${n}x${k}: tiled ${row.tiledGflops.toFixed(1)}, gpu.js ${row.gpujsGflops.toFixed(1)} GFLOP/s`);
    rows.push(row);
    a.dispose();
    b.dispose();
  }
  return rows;
}

async function training(batch: number, size: number, steps: number) {
  const model = models.createModel("mobileone_s0", { numClasses: 1000, seed: 0, training: "auto" });
  const optimizer = new optim.SGD(optim.splitNormParameters(model), { lr: 1e-4, momentum: 0.9, weightDecay: 1e-4 });
  const ema = new optim.Ema(model);
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = nn.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
    return loss;
  });
  const x = randn([batch, size, size, 3], { seed: 3 });
  const y = tensor(Int32Array.from({ length: batch }, (_, i) => i % 1000));
  const times: number[] = [];
  for (let i = 0; i < steps + 2; i++) {
    const start = now();
    const loss = scope(() => step(x, y).data());
    const value = (await loss)[0]!;
    if (i >= 2) times.push(now() - start);
    tell(`S0 batch ${batch} at ${size}: step ${i + 1}, ${(now() - start).toFixed(0)} ms, loss ${value.toFixed(4)}`);
  }
  step.dispose();
  const stepMs = median(times);
  return { batch, size, stepMs, imagesPerSecond: (1000 * batch) / stepMs };
}

const backend = await createGpuBackend();
tell(backend.label);
const result = await withBackend(backend, async () => ({
  label: backend.label,
  device: backend.device,
  enqueue: await enqueueCost(backend),
  products: await products(),
  training: values["no-training"]
    ? []
    : await values.batches
        .split(",")
        .reduce(
          async (done, batch) => [
            ...(await done),
            await training(Number(batch), Number(values.size), Number(values.steps)),
          ],
          Promise.resolve([] as unknown[]),
        ),
}));
console.log(JSON.stringify(result, null, 2));
await backend.dispose();
