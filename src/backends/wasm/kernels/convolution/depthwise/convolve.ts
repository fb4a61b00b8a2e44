/**
 * Depthwise convolution, and its input gradient, which is one too: the inner loop runs over channels, four neighbouring
 * output pixels at a time stay in registers, and every tap is a constant offset.
 */
import type { FunctionRef, IntVar, WasmModule } from "../../../../../wasm/index.js";
import { applyEpilogue, type Epilogue, type EpilogueKind, kindOf } from "../../blocks/epilogue.js";
import { defineKernel, list, specOf } from "../../define-kernel.js";
import type { Plan } from "../../plan.js";
import { sweptChannels, type Tap, type Tile, tileRuns } from "./axis.js";
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

/** Outputs of a tile: enough to hide the latency of a multiply-add, few enough for the registers. */
const TILE = 4;
/** Wider kernels load their taps again for each use instead of holding a row of them in registers. */
const MAX_HELD_TAPS = 8;

/** (...source rows, w, y): one tile for `lanes` channels, or for all whole vectors of them. */
function defineTile(
  m: WasmModule,
  geometry: ImageGeometry,
  name: string,
  tile: Tile,
  taps: readonly Tap[],
  lanes: number,
): FunctionRef {
  const { channels, kernel } = geometry;
  const pixel = 4 * channels;
  const params = new Array<"i32">(taps.length + 2).fill("i32");
  return m.function(`tile ${name} ${taps.map(({ k }) => k)} ${lanes}`, params, (f, ...args) => {
    const rows = args.slice(0, taps.length);
    const [w, y] = [args[taps.length]!, args[taps.length + 1]!];
    const parts = Math.ceil(lanes / 4);
    const load = (pointer: IntVar, at: number) => f.loadPartial(pointer, at, lanes, parts);
    const end = f.int(w.add(4 * sweptChannels(channels, lanes, m.lanes)));
    f.doWhile(
      () => {
        const totals = Array.from({ length: tile.outputs }, () => f.vec(0, parts));
        rows.forEach((row, i) => {
          f.fence(() => {
            const weightsAt = (k: number) => (taps[i]!.k * kernel[1] + k) * pixel;
            const isHeld = kernel[1] <= MAX_HELD_TAPS;
            const used = new Set(tile.columns.flatMap(({ uses }) => uses.map(({ k }) => k)));
            const held = new Map(
              [...used].map((k) => [k, isHeld ? f.vec(load(w, weightsAt(k))) : load(w, weightsAt(k))]),
            );
            for (const { column, uses } of tile.columns) {
              const v = f.vec(load(row, column * pixel));
              for (const { output, k } of uses) totals[output]!.set(f.madd(v, held.get(k)!, totals[output]!));
            }
          });
        });
        totals.forEach((total, output) => {
          f.storePartial(y, output * pixel, total, lanes);
        });
        for (const pointer of args) pointer.inc(4 * lanes);
      },
      () => w.below(end),
    );
  });
}

interface Spec {
  readonly geometry: ImageGeometry;
  readonly kind: EpilogueKind;
}

const depthwiseKernel = defineKernel(
  {
    name: "depthwise",
    spec: specOf<Spec>(),
    args: ({ kind }: Spec) => ({
      x: "pointer",
      w: "pointer",
      y: "pointer",
      zeros: "pointer",
      bias: list(kind ? 1 : 0, "pointer"),
    }),
  },
  ({ m, f, spec: { geometry, kind } }, task, { x, w, y, zeros, bias }) => {
    const { channels, source, output, rules } = geometry;
    const pixel = 4 * channels;
    const runs = tileRuns(rules[1], output[1], source[1], TILE);
    const place = taskRows(f, geometry, task);
    const image = sourceImage(f, geometry, place, x);
    const out = outputRow(f, geometry, place, y);
    forEachOutputRow(f, geometry, place, image, zeros, (taps, rows) => {
      forEachTile(f, m, channels, runs, out, ({ run, index, from, to, lanes, at }) =>
        f.call(
          defineTile(m, geometry, `${index}`, run.tile, taps, lanes),
          ...rows.map((row) => row.add(from).add(at)),
          w.add(at),
          to.add(at),
        ),
      );
      applyEpilogue(f, m, kind, { columns: channels, rowBytes: pixel }, out, bias[0], output[1]);
      out.inc(output[1] * pixel);
    });
  },
);

/** y = the depthwise gather of x with weights [KH, KW, C], and the epilogue on it. */
export function callDepthwise(
  plan: Plan,
  geometry: Geometry,
  x: number,
  w: number,
  y: number,
  epilogue: Epilogue | null = null,
): void {
  depthwiseKernel.call(plan, {
    spec: { geometry: ofImage(geometry), kind: kindOf(epilogue) },
    tasks: taskCount(geometry),
    args: { x, w, y, zeros: zeroRow(plan, geometry), bias: epilogue ? [epilogue.bias] : [] },
  });
}
