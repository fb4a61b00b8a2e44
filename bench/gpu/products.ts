/** Matrix products of S0's pointwise convolutions at 224 px and batch 32: hand-written WGSL beside gpu.js's kernel. */
import { useHandWritten } from "../../src/backends/gpu/wgsl/switches.js";
import { matmul, randn, scope, type Tensor } from "../../src/index.js";

export interface ProductRow {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly tiledGflops: number;
  readonly gpujsGflops: number;
}

type Kind = "forward" | "input gradient" | "weight gradient" | "square";

interface Shape {
  readonly kind: Kind;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** [positions, channels in, channels out] of S0 at batch 32. */
const pointwise = [
  [100_352, 48, 48],
  [25_088, 128, 128],
  [6272, 256, 256],
  [1568, 1024, 1024],
] as const;

const shapes: readonly Shape[] = [
  ...pointwise.flatMap(([rows, from, to]): Shape[] => [
    { kind: "forward", m: rows, n: to, k: from },
    { kind: "input gradient", m: rows, n: from, k: to },
    { kind: "weight gradient", m: from, n: to, k: rows },
  ]),
  { kind: "square", m: 512, n: 512, k: 512 },
  { kind: "square", m: 4096, n: 4096, k: 4096 },
];

/** Multiply-adds that a software device does in about a second. */
const SOFTWARE_LIMIT = 900e6;
/** The same for a glance. */
const QUICK_LIMIT = 150e6;
const MAX_REPEATS = 200;

/** Multiplied until the device has worked for about `targetMs`; the best of three rounds. */
async function gflopsOf(multiply: () => Tensor, flops: number, targetMs: number): Promise<number> {
  const round = async (repeats: number): Promise<number> => {
    const start = performance.now();
    const last = scope(() => {
      for (let i = 1; i < repeats; i++) multiply();
      return multiply().reshape([-1]).slice([0], [1]);
    });
    await last.data();
    last.dispose();
    return (performance.now() - start) / repeats;
  };
  await round(1);
  const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(targetMs / (await round(1)))));
  const times = [await round(repeats), await round(repeats), await round(repeats)];
  return flops / Math.min(...times) / 1e6;
}

export async function measureProducts(
  isSoftware: boolean,
  isQuick: boolean,
  tell: (line: string) => void,
  onRow: (row: ProductRow) => void = () => {},
): Promise<ProductRow[]> {
  const rows: ProductRow[] = [];
  const limit = isQuick ? QUICK_LIMIT : isSoftware ? SOFTWARE_LIMIT : Number.POSITIVE_INFINITY;
  const targetMs = isQuick || isSoftware ? 1 : 50;
  for (const { kind, m, n, k } of shapes) {
    if (m * n * k > limit) continue;
    const isWeights = kind === "weight gradient";
    const a = randn(isWeights ? [k, m] : [m, k], { seed: 1 });
    const b = randn(kind === "input gradient" ? [n, k] : [k, n], { seed: 2 });
    const multiply = (): Tensor => matmul(a, b, { transposeA: isWeights, transposeB: kind === "input gradient" });
    const gflops = async (isTiled: boolean): Promise<number> => {
      const before = useHandWritten("products", isTiled);
      try {
        return await gflopsOf(multiply, 2 * m * n * k, targetMs);
      } finally {
        useHandWritten("products", before);
      }
    };
    const name = `${kind} ${m} × ${n} × ${k}`;
    const row = { name, m, n, k, tiledGflops: await gflops(true), gpujsGflops: await gflops(false) };
    tell(`${name}: WGSL ${row.tiledGflops.toFixed(1)}, gpu.js ${row.gpujsGflops.toFixed(1)} GFLOP/s`);
    rows.push(row);
    onRow(row);
    a.dispose();
    b.dispose();
  }
  return rows;
}
