/**
 * Mean and covariance of depthwise patches, exactly, without computing every product of two taps: where rows of windows
 * overlap (stride 1) products of two image rows serve every pair of kernel rows at that distance, 6 + 9 + 9 sums instead of
 * 45 for 3×3; only the first and last rows belong to some of the pairs (docs/folded-training.md 3 draws them).
 *
 * Sums run in float32 over blocks of whole rows of windows, up to BLOCK_ROWS positions where a row is no longer than that,
 * and in float64 from there.
 */
import { type FunctionRef, loadDoubles, type VecVar, type WasmModule } from "../../../../wasm/index.js";
import { STRIP_LANES } from "../blocks/channels.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { BLOCK_ROWS, callPivot } from "./patch-rows.js";
import {
  type DepthwiseGeometry,
  definePlanes,
  type ImageGeometry,
  ofImage,
  pixelBytes,
  planesBytes,
  planesOf,
  strips,
} from "./planes.js";

/** Columns of windows per round of the inner loop. */
const UNROLL = 4;
/** Pieces of work wanted, for up to 64 threads. */
const PIECES = 96;

/** Rows of a plane, `step` apart, whose products with the rows `distance` below count for kernel rows (r, r + distance). */
interface Segment {
  readonly distance: number;
  readonly first: number;
  readonly count: number;
  readonly step: number;
  readonly kernelRows: readonly number[];
}

/** Every product of two kernel rows, each row of windows once. */
export function segmentsOf({ out, kernel, stride }: Pick<DepthwiseGeometry, "out" | "kernel" | "stride">): Segment[] {
  const segments: Segment[] = [];
  for (let distance = 0; distance < kernel[0]; distance++) {
    const pairs = kernel[0] - distance;
    if (stride[0] > 1) {
      for (let r = 0; r < pairs; r++)
        segments.push({ distance, first: r, count: out[0], step: stride[0], kernelRows: [r] });
      continue;
    }
    for (let y = 0; y < out[0] + pairs - 1; y++) {
      const kernelRows = Array.from({ length: pairs }, (_, r) => r).filter((r) => y >= r && y - r < out[0]);
      const last = segments.at(-1);
      if (last?.distance === distance && `${last.kernelRows}` === `${kernelRows}`)
        segments[segments.length - 1] = { ...last, count: last.count + 1 };
      else segments.push({ distance, first: y, count: 1, step: 1, kernelRows });
    }
  }
  return segments;
}

/** A sum of products of taps ax of the upper row and bx of the lower one; bx null: a plain sum. */
interface Sum {
  readonly ax: number;
  readonly bx: number | null;
}
const sumsOf = (kw: number, distance: number): readonly Sum[] =>
  Array.from({ length: kw }, (_, ax) => ax).flatMap((ax) => [
    ...Array.from({ length: kw }, (_, bx) => ({ ax, bx })).filter(({ bx }) => distance > 0 || bx >= ax),
    ...(distance === 0 ? [{ ax, bx: null }] : []),
  ]);

const slotsOf = (k: number): number => k + (k * (k + 1)) / 2;
/** The place of a total: first the sums of each tap, then the products of taps a ≤ b. */
const slotOf = (k: number, a: number, b: number | null): number =>
  b === null ? a : k + a * k - (a * (a - 1)) / 2 + (b - a);

/** (upper row, to, rows, bytes between rows): the sums over `rows` rows of windows, float32 vectors, to `to`. */
function defineSums(m: WasmModule, { out, kernel, stride }: ImageGeometry, row: number, distance: number): FunctionRef {
  const pixel = pixelBytes(m);
  return m.function(`sums ${distance}`, ["i32", "i32", "i32", "i32"], (f, from, to, rows, step) => {
    const sums = sumsOf(kernel[1], distance).map((sum) => ({ ...sum, total: f.vec(0) }));
    const p = f.int();
    const positions = (count: number) => {
      const loaded = new Map<string, VecVar>();
      const at = (column: number, down: number): VecVar => {
        const key = `${column} ${down}`;
        if (!loaded.has(key)) loaded.set(key, f.vec(f.load(p, column * pixel + down * row)));
        return loaded.get(key)!;
      };
      for (let u = 0; u < count; u++)
        f.fence(() => {
          for (const { ax, bx, total } of sums) {
            const a = at(u * stride[1] + ax, 0);
            total.set(bx === null ? total.add(a) : f.madd(a, at(u * stride[1] + bx, distance), total));
          }
        });
      p.inc(count * stride[1] * pixel);
    };
    f.for(0, rows, 1, () => {
      p.set(from);
      if (out[1] >= UNROLL) f.for(0, Math.floor(out[1] / UNROLL), 1, () => positions(UNROLL));
      if (out[1] % UNROLL > 0) positions(out[1] % UNROLL);
      from.inc(step);
    });
    sums.forEach(({ total }, i) => {
      f.store(to, i * pixel, total);
    });
  });
}

interface SumsSpec {
  readonly geometry: ImageGeometry;
  readonly imagesPerTask: number;
}

/** A task is one strip of channels of a run of images; it leaves its totals, float64 [slots, 16]. */
const sumsKernel = defineKernel(
  {
    name: "depthwise moments",
    spec: specOf<SumsSpec>(),
    args: { x: "pointer", pivot: "pointer", totals: "pointer", images: "int" },
    // behind the planes, one float32 vector per sum
    scratchPerWorker: ({ geometry }, { lanes }) =>
      planesBytes(geometry) + sumsOf(geometry.kernel[1], 1).length * 4 * lanes,
  },
  ({ m, f, spec: { geometry, imagesPerTask }, scratch }, task, { x, pivot, totals, images }) => {
    const { channels, image, kernel } = geometry;
    const k = kernel[0] * kernel[1];
    const totalBytes = 8 * STRIP_LANES * slotsOf(k);
    const planes = definePlanes(m, geometry);
    const pixel = pixelBytes(m);
    const perBlock = Math.max(1, Math.floor(BLOCK_ROWS / geometry.out[1]));
    const addTotals = (segment: Segment) =>
      m.function(`add ${segment.distance} ${segment.kernelRows}`, ["i32", "i32"], (g, from, target) => {
        sumsOf(kernel[1], segment.distance).forEach(({ ax, bx }, i) => {
          for (const r of segment.kernelRows) {
            const b = bx === null ? null : (r + segment.distance) * kernel[1] + bx;
            const slot = 8 * STRIP_LANES * slotOf(k, r * kernel[1] + ax, b);
            for (let half = 0; half < 2; half++) {
              const at = slot + half * pixel;
              g.store(target, at, g.load(target, at).addDouble(loadDoubles(g, from, i * pixel + (half * pixel) / 2)));
            }
          }
        });
      });
    const count = strips(channels);
    const part = f.int(task.div(count));
    const strip = f.int(task.sub(part.mul(count)));
    const own = f.int(scratch);
    const sums = f.int(own.add(planesBytes(geometry)));
    const myPivot = f.int(pivot.add(strip.mul(4 * STRIP_LANES)));
    const to = f.int(totals.add(task.mul(totalBytes)));
    f.fill(to, 0, totalBytes);
    planes.clear(f, own, myPivot);
    const last = f.int(part.add(1).mul(imagesPerTask).min(images));
    f.for(part.mul(imagesPerTask), last, 1, (n) => {
      const from = x.add(n.mul(4 * channels * image[0] * image[1])).add(strip.mul(4 * STRIP_LANES));
      planes.fill(f, own, myPivot, from, strip);
      for (let plane = 0; plane < planesOf(m.lanes); plane++)
        for (const segment of segmentsOf(geometry)) {
          const left = f.int(segment.count);
          const row = f.int(own.add(plane * planes.bytes + segment.first * planes.row));
          const step = segment.step * planes.row;
          f.doWhile(
            () => {
              const rows = f.int(left.min(perBlock));
              f.call(defineSums(m, geometry, planes.row, segment.distance), row, sums, rows, step);
              f.call(addTotals(segment), sums, to.add(2 * plane * pixel));
              row.inc(rows.mul(step));
              left.set(left.sub(rows));
            },
            () => left,
          );
        }
    });
  },
);

interface FinishSpec {
  readonly channels: number;
  readonly k: number;
}

/** mean_a = pivot + S_a/M, covariance_ab = S_ab/M − S_a S_b/M², with S the totals around the pivot. A task is a channel. */
const finishKernel = defineKernel(
  {
    name: "depthwise moments finish",
    spec: specOf<FinishSpec>(),
    args: {
      pivot: "pointer",
      totals: "pointer",
      parts: "int",
      positions: "int",
      mean: "pointer",
      covariance: "pointer",
    },
    scratchPerWorker: ({ k }) => 8 * k,
  },
  ({ f, spec: { channels, k }, scratch }, channel, { pivot, totals, parts, positions, mean, covariance }) => {
    const row = 8 * STRIP_LANES;
    const totalBytes = row * slotsOf(k);
    const strip = f.int(channel.div(STRIP_LANES));
    const lane = channel.sub(strip.mul(STRIP_LANES));
    const first = f.int(totals.add(strip.mul(totalBytes)).add(lane.mul(8)));
    const count = f.f64(positions.toFloat("f64"));
    const own = f.int(scratch);
    const centre = f.f64(f.loadFloat("f32", pivot.add(channel.mul(4))).promote());
    const average = (slot: number) => {
      const p = f.int(first.add(slot * row));
      const total = f.f64(0);
      f.for(0, parts, 1, () => {
        total.set(total.add(f.loadFloat("f64", p)));
        p.inc(strips(channels) * totalBytes);
      });
      return f.f64(total.div(count));
    };
    for (let a = 0; a < k; a++) {
      const shift = average(slotOf(k, a, null));
      f.storeFloat(own, 8 * a, shift);
      f.storeFloat(mean.add(channel.mul(8 * k)), 8 * a, centre.add(shift));
    }
    const to = f.int(covariance.add(channel.mul(8 * k * k)));
    for (let a = 0; a < k; a++)
      for (let b = a; b < k; b++) {
        const product = f.loadFloat("f64", own, 8 * a).mul(f.loadFloat("f64", own, 8 * b));
        const value = f.f64(average(slotOf(k, a, b)).sub(product));
        f.storeFloat(to, 8 * (a * k + b), value);
        f.storeFloat(to, 8 * (b * k + a), value);
      }
  },
);

/** The pivot of every channel. */
export const callChannelPivot = (plan: Plan, { images, channels, image }: DepthwiseGeometry, x: number): number =>
  callPivot(plan, { rows: images * image[0] * image[1], k: channels, rowBytes: 4 * channels, windows: null }, x);

/** Writes mean [C, K] and covariance [C, K, K] (float64) of the patches of each channel of x. */
export function callDepthwiseMoments(
  plan: Plan,
  geometry: DepthwiseGeometry,
  x: number,
  mean: number,
  covariance: number,
): void {
  const { images, channels, kernel, out } = geometry;
  const k = kernel[0] * kernel[1];
  const pivot = callChannelPivot(plan, geometry, x);
  const wanted = Math.min(images, Math.max(1, Math.floor(PIECES / strips(channels))));
  const imagesPerTask = Math.ceil(images / wanted);
  const parts = Math.ceil(images / imagesPerTask);
  const tasks = parts * strips(channels);
  const totals = plan.scratch(tasks * 8 * STRIP_LANES * slotsOf(k));
  sumsKernel.call(plan, {
    spec: { geometry: ofImage(geometry), imagesPerTask },
    tasks,
    args: { x, pivot, totals, images },
  });
  finishKernel.call(plan, {
    spec: { channels, k },
    tasks: channels,
    args: { pivot, totals, parts, positions: images * out[0] * out[1], mean, covariance },
  });
}
