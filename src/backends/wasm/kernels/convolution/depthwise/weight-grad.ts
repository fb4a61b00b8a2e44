/**
 * The weight gradient of a depthwise convolution: dw[ky, kx, c] = Σ x[iy, ix, c]·dy[oy, ox, c]. The inner loop runs over
 * channels; a tile's pixels of dy stay in registers while one kernel row after the other is summed. Each task keeps sums
 * of its own, which are added in order.
 */
import type { FunctionRef, IntVar, WasmModule } from "../../../../../wasm/index.js";
import { callCombine } from "../../blocks/combine.js";
import { defineKernel, specOf } from "../../define-kernel.js";
import type { Plan } from "../../plan.js";
import { sweptChannels, type Tile, tileRuns } from "./axis.js";
import {
  forEachOutputRow,
  forEachTile,
  type Geometry,
  type ImageGeometry,
  ofImage,
  outputRow,
  sourceImage,
  taskCount,
  taskRows,
  zeroRow,
} from "./rows.js";

/** Outputs of a tile: measured best on images 14 to 56 wide (5 to 10 are 5-25 % slower). */
const TILE = 4;
/** Rows up to this width are one tile: S0's last stage, a quarter faster than in two. */
const WHOLE_ROW = 7;

const tileWidth = (width: number): number => (width <= WHOLE_ROW ? width : TILE);

/** (...source rows, dy, sums): adds a tile's products, for `lanes` channels or for all whole vectors of them. */
function defineTile(
  m: WasmModule,
  { channels, kernel }: ImageGeometry,
  name: string,
  tile: Tile,
  lanes: number,
): FunctionRef {
  const pixel = 4 * channels;
  const params = new Array<"i32">(kernel[0] + 2).fill("i32");
  return m.function(`tile ${name} ${lanes}`, params, (f, ...args) => {
    const [dy, sums] = [args[kernel[0]]!, args[kernel[0] + 1]!];
    const parts = Math.ceil(lanes / 4);
    const load = (pointer: IntVar, at: number) => f.vec(f.loadPartial(pointer, at, lanes, parts));
    const used = [...new Set(tile.columns.flatMap(({ uses }) => uses.map(({ k }) => k)))];
    const end = f.int(sums.add(4 * sweptChannels(channels, lanes, m.lanes)));
    f.doWhile(
      () => {
        const values = Array.from({ length: tile.outputs }, (_, o) => load(dy, o * pixel));
        args.slice(0, kernel[0]).forEach((row, ky) => {
          f.fence(() => {
            const sumAt = (kx: number) => (ky * kernel[1] + kx) * pixel;
            const totals = new Map(used.map((kx) => [kx, load(sums, sumAt(kx))]));
            for (const { column, uses } of tile.columns) {
              const v = load(row, column * pixel);
              for (const { output, k } of uses) totals.get(k)!.set(f.madd(v, values[output]!, totals.get(k)!));
            }
            for (const [kx, total] of totals) f.storePartial(sums, sumAt(kx), total, lanes);
          });
        });
        for (const pointer of args) pointer.inc(4 * lanes);
      },
      () => sums.below(end),
    );
  });
}

const weightGradKernel = defineKernel(
  {
    name: "depthwise weight gradient",
    spec: specOf<ImageGeometry>(),
    args: { x: "pointer", dy: "pointer", partials: "pointer", zeros: "pointer" },
  },
  ({ m, f, spec: geometry }, task, { x, dy, partials, zeros }) => {
    const { channels, source, output, rules, kernel } = geometry;
    const pixel = 4 * channels;
    const runs = tileRuns(rules[1], output[1], source[1], tileWidth(output[1]));
    const bytes = kernel[0] * kernel[1] * pixel;
    const place = taskRows(f, geometry, task);
    const image = sourceImage(f, geometry, place, x);
    const d = outputRow(f, geometry, place, dy);
    const sums = f.int(partials.add(task.mul(bytes)));
    f.fill(sums, 0, bytes);
    forEachOutputRow(f, geometry, place, image, zeros, (_, rows) => {
      forEachTile(f, m, channels, runs, d, ({ run, index, from, to, lanes, at }) =>
        f.call(
          defineTile(m, geometry, `${index}`, run.tile, lanes),
          ...rows.map((row) => row.add(from).add(at)),
          to.add(at),
          sums.add(at),
        ),
      );
      d.inc(output[1] * pixel);
    });
  },
);

/** dw [KH, KW, C] from x and dy; the geometry is that of the forward pass. */
export function callDepthwiseWeightGrad(plan: Plan, geometry: Geometry, x: number, dy: number, dw: number): void {
  const length = geometry.kernel[0] * geometry.kernel[1] * geometry.channels;
  const tasks = taskCount(geometry);
  const partials = plan.scratch(4 * length * tasks);
  weightGradKernel.call(plan, {
    spec: ofImage(geometry),
    tasks,
    args: { x, dy, partials, zeros: zeroRow(plan, geometry) },
  });
  callCombine(plan, partials, dw, tasks, length);
}
