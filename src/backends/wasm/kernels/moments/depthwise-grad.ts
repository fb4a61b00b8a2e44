/**
 * What reaches x through the moments of its depthwise patches, in gather form. A pixel q sits at tap a in the patch of each
 * window p = q − a; what it gets from tap b of that patch is E_ab·(x(q + b − a) − μ_b), E = (dΣ + dΣᵀ)/M. So
 *
 *   dx(q) = constant + Σ_d weight(d)·x(q + d)      weight(d) = Σ over the taps a that q has, b = a + d, of E_ab
 *
 * a convolution with up to 5×5 offsets d, whose weights depend only on which taps q has: all of them inside the image,
 * fewer at its borders or between the windows of a stride. Each such class of rows and columns has weights of its own.
 */
import type { FunctionRef, IntVar, WasmModule } from "../../../../wasm/index.js";
import { atStrip, paddedChannels, STRIP_LANES } from "../blocks/channels.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { callChannelPivot } from "./depthwise.js";
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

/** Pixels done together. */
const TILE = 4;

/** Positions along one axis that have the same taps: `count` of them, `step` apart. */
interface Run {
  readonly taps: readonly number[];
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

/** The positions of an axis by their taps; every position once. */
export function runsOf({ image, out, kernel, stride, padding }: ImageGeometry, axis: 0 | 1): Run[] {
  const runs: Run[] = [];
  for (let q = 0; q < image[axis]; q++) {
    const taps = Array.from({ length: kernel[axis] }, (_, a) => a).filter((a) => {
      const p = (q + padding[axis] - a) / stride[axis];
      return Number.isInteger(p) && p >= 0 && p < out[axis];
    });
    const at = runs.findIndex((run) => `${run.taps}` === `${taps}` && run.first + run.count * stride[axis] === q);
    const known = runs[at];
    if (known) runs[at] = { ...known, count: known.count + 1 };
    else runs.push({ taps, first: q, count: 1, step: stride[axis] });
  }
  return runs;
}

/** Sets of taps that occur along an axis. */
const tapSets = (runs: readonly Run[]): readonly (readonly number[])[] => [
  ...new Map(runs.map(({ taps }) => [`${taps}`, taps])).values(),
];

/** Offsets b − a that taps a reach, ascending. */
const offsetsOf = (taps: readonly number[], kernel: number): number[] =>
  [...new Set(taps.flatMap((a) => Array.from({ length: kernel }, (_, b) => b - a)))].sort((a, b) => a - b);

interface PixelClass {
  readonly rowTaps: readonly number[];
  readonly columnTaps: readonly number[];
  /** Offsets d, and for each the pairs of taps (a, b) behind it. */
  readonly offsets: readonly {
    readonly dy: number;
    readonly dx: number;
    readonly pairs: readonly (readonly [a: number, b: number])[];
  }[];
  /** Taps a. */
  readonly taps: readonly number[];
  /** The first of its vectors in the table of weights: one per offset, then the constant. */
  readonly row: number;
}

function classesOf(geometry: ImageGeometry): PixelClass[] {
  const [kh, kw] = geometry.kernel;
  const classes: PixelClass[] = [];
  let row = 0;
  for (const rowTaps of tapSets(runsOf(geometry, 0)))
    for (const columnTaps of tapSets(runsOf(geometry, 1))) {
      const taps = rowTaps.flatMap((ay) => columnTaps.map((ax) => ay * kw + ax));
      const offsets = offsetsOf(rowTaps, kh).flatMap((dy) =>
        offsetsOf(columnTaps, kw).map((dx) => {
          const reached = taps.filter((a) => {
            const [by, bx] = [Math.floor(a / kw) + dy, (a % kw) + dx];
            return by >= 0 && by < kh && bx >= 0 && bx < kw;
          });
          return { dy, dx, pairs: reached.map((a) => [a, a + dy * kw + dx] as const) };
        }),
      );
      classes.push({ rowTaps, columnTaps, offsets, taps, row });
      row += offsets.length + 1;
    }
  return classes;
}

const tableRows = (classes: readonly PixelClass[]): number => {
  const last = classes.at(-1)!;
  return last.row + last.offsets.length + 1;
};

/** Weights and constants of every class, float32 [rows, paddedChannels], from float64 moments; a task is a channel. */
const tableKernel = defineKernel(
  {
    name: "depthwise moments table",
    spec: specOf<ImageGeometry>(),
    args: {
      pivot: "pointer",
      mean: "pointer",
      dmean: "pointer",
      dcovariance: "pointer",
      positions: "int",
      to: "pointer",
    },
    // E, and a constant per tap
    scratchPerWorker: ({ kernel: [kh, kw] }) => 8 * kh * kw * (kh * kw + 1),
  },
  ({ f, spec: geometry, scratch }, channel, { pivot, mean, dmean, dcovariance, positions, to }) => {
    const { channels, kernel } = geometry;
    const k = kernel[0] * kernel[1];
    const row = 4 * paddedChannels(channels);
    const e = f.int(scratch);
    const count = f.f64(positions.toFloat("f64"));
    const centre = f.f64(f.loadFloat("f32", pivot.add(channel.mul(4))).promote());
    const [mu, dmu] = [mean, dmean].map((p) => f.int(p.add(channel.mul(8 * k)))) as [IntVar, IntVar];
    const d = f.int(dcovariance.add(channel.mul(8 * k * k)));
    const out = f.int(to.add(channel.mul(4)));
    for (let a = 0; a < k; a++) {
      // behind E: what tap a adds to a constant, (dμ_a)/M + Σ_b E_ab (pivot − μ_b)
      const constant = f.f64(f.loadFloat("f64", dmu, 8 * a).div(count));
      for (let b = 0; b < k; b++) {
        const both = f.loadFloat("f64", d, 8 * (a * k + b)).add(f.loadFloat("f64", d, 8 * (b * k + a)));
        const value = f.f64(both.div(count));
        f.storeFloat(e, 8 * (a * k + b), value);
        constant.set(constant.add(value.mul(centre.sub(f.loadFloat("f64", mu, 8 * b)))));
      }
      f.storeFloat(e, 8 * (k * k + a), constant);
    }
    const total = f.f64();
    const write = (index: number, addresses: readonly number[]) => {
      total.set(0);
      for (const at of addresses) total.set(total.add(f.loadFloat("f64", e, at)));
      f.storeFloat(out, index * row, total.demote());
    };
    for (const { offsets, taps, row: first } of classesOf(geometry)) {
      offsets.forEach(({ pairs }, i) => {
        write(
          first + i,
          pairs.map(([a, b]) => 8 * (a * k + b)),
        );
      });
      write(
        first + offsets.length,
        taps.map((a) => 8 * (k * k + a)),
      );
    }
  },
);

/** What becomes of the sums: written, or added to what dx holds, and 0 then where x, this far from dx, is not above 0. */
type Ending = "write" | "add" | "addBehindRelu";

/** (first pixel in its plane, weights, dx, x − dx in bytes): `outputs` pixels of a class, `step` apart, `lanes` channels. */
function defineTile(
  m: WasmModule,
  { channels }: ImageGeometry,
  ending: Ending,
  { offsets, row }: PixelClass,
  planeRow: number,
  { step, outputs, lanes }: { readonly step: number; readonly outputs: number; readonly lanes: number },
): FunctionRef {
  const pixel = pixelBytes(m);
  const weightRow = 4 * paddedChannels(channels);
  return m.function(
    `tile ${row} ${step} ${outputs} ${lanes}`,
    ["i32", "i32", "i32", "i32"],
    (f, x, weights, dx, apart) => {
      const constant = f.vec(f.load(weights, (row + offsets.length) * weightRow));
      const totals = Array.from({ length: outputs }, () => f.vec(constant));
      for (const dy of new Set(offsets.map((offset) => offset.dy)))
        f.fence(() => {
          const held = offsets.flatMap((offset, i) =>
            offset.dy === dy ? [{ dx: offset.dx, weight: f.vec(f.load(weights, (row + i) * weightRow)) }] : [],
          );
          const columns = new Set(totals.flatMap((_, o) => held.map((one) => o * step + one.dx)));
          for (const column of [...columns].sort((a, b) => a - b)) {
            const value = f.vec(f.load(x, dy * planeRow + column * pixel));
            for (const one of held) {
              const total = totals[(column - one.dx) / step];
              if (total) total.set(f.madd(value, one.weight, total));
            }
          }
        });
      const at = (o: number) => 4 * channels * o * step;
      if (ending !== "write")
        totals.forEach((total, o) => {
          total.set(f.loadPartial(dx, at(o), lanes).add(total));
        });
      if (ending === "addBehindRelu") {
        const source = f.int(dx.add(apart));
        totals.forEach((total, o) => {
          // a NaN passes its gradient on
          total.set(total.andNot(f.loadPartial(source, at(o), lanes).lessEqual(f.splat(0))));
        });
      }
      totals.forEach((total, o) => {
        f.storePartial(dx, at(o), total, lanes);
      });
    },
  );
}

interface GatherSpec {
  readonly geometry: ImageGeometry;
  readonly ending: Ending;
}

/** A task is one strip of channels of one image. */
const gatherKernel = defineKernel(
  {
    name: "depthwise moments gather",
    spec: specOf<GatherSpec>(),
    args: { x: "pointer", pivot: "pointer", weights: "pointer", dx: "pointer" },
    scratchPerWorker: ({ geometry }) => planesBytes(geometry),
  },
  ({ m, f, spec: { geometry, ending }, scratch }, task, { x, pivot, weights, dx }) => {
    const { channels, image, padding } = geometry;
    const [rowRuns, columnRuns] = [runsOf(geometry, 0), runsOf(geometry, 1)];
    const classes = classesOf(geometry);
    const planes = definePlanes(m, geometry);
    const pixel = pixelBytes(m);
    const line = 4 * channels * image[1];
    const classOf = (row: Run, column: Run): PixelClass =>
      classes.find(({ rowTaps, columnTaps }) => `${rowTaps}|${columnTaps}` === `${row.taps}|${column.taps}`)!;

    /** (row of a plane at the image's first column, weights, dx of that row): all its pixels for `lanes` channels. */
    const defineRow = (row: Run, lanes: number): FunctionRef =>
      m.function(`row ${row.taps} ${lanes}`, ["i32", "i32", "i32", "i32"], (g, from, table, to, apart) => {
        for (const column of columnRuns) {
          const p = g.int(from.add(column.first * pixel));
          const out = g.int(to.add(4 * channels * column.first));
          const tile = (outputs: number) => {
            const ref = defineTile(m, geometry, ending, classOf(row, column), planes.row, {
              step: column.step,
              outputs,
              lanes,
            });
            g.call(ref, p, table, out, apart);
            p.inc(outputs * column.step * pixel);
            out.inc(4 * channels * outputs * column.step);
          };
          const whole = Math.floor(column.count / TILE);
          if (whole > 0) g.for(0, whole, 1, () => tile(TILE));
          if (column.count % TILE > 0) tile(column.count % TILE);
        }
      });

    const n = f.int(task.div(strips(channels)));
    const strip = f.int(task.sub(n.mul(strips(channels))));
    const own = f.int(scratch);
    const offset = f.int(strip.mul(4 * STRIP_LANES));
    const myPivot = f.int(pivot.add(offset));
    const imageAt = f.int(n.mul(image[0] * line).add(offset));
    planes.clear(f, own, myPivot);
    planes.fill(f, own, myPivot, x.add(imageAt), strip);
    const apart = f.int(x.sub(dx));
    const inside = f.int(own.add(padding[0] * planes.row + padding[1] * pixel));
    const rows = (stripLanes: number) => {
      for (const run of rowRuns) {
        const from = f.int(inside.add(run.first * planes.row));
        const out = f.int(dx.add(imageAt).add(run.first * line));
        f.for(0, run.count, 1, () => {
          for (let plane = 0; plane < planesOf(m.lanes); plane++) {
            const lanes = Math.min(m.lanes, stripLanes - plane * m.lanes);
            if (lanes <= 0) continue;
            const at = plane * pixel;
            const row = from.add(plane * planes.bytes);
            f.call(defineRow(run, lanes), row, weights.add(offset).add(at), out.add(at), apart);
          }
          from.inc(run.step * planes.row);
          out.inc(run.step * line);
        });
      }
    };
    atStrip(f, channels, strip, rows);
  },
);

/** Writes dx from x and, in float64, mean and dmean [C, K] and dcovariance [C, K, K]; or adds it to dx. */
export function callDepthwiseGrad(
  plan: Plan,
  geometry: DepthwiseGeometry,
  [x, mean, dmean, dcovariance]: readonly [number, number, number, number],
  dx: number,
  ending: Ending = "write",
): void {
  const { images, channels, out } = geometry;
  const shape = ofImage(geometry);
  const pivot = callChannelPivot(plan, geometry, x);
  const table = plan.scratch(4 * paddedChannels(channels) * tableRows(classesOf(shape)));
  tableKernel.call(plan, {
    spec: shape,
    tasks: channels,
    args: { pivot, mean, dmean, dcovariance, positions: images * out[0] * out[1], to: table },
  });
  gatherKernel.call(plan, {
    spec: { geometry: shape, ending },
    tasks: images * strips(channels),
    args: { x, pivot, weights: table, dx },
  });
}
