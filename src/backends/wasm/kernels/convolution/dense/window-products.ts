/** C = windows · B: rows of windows are made block by block and multiplied while they are in a cache. */
import type { Pair } from "../../../../../ops/spec/index.js";
import { alignUp } from "../../../../../util/align-up.js";
import type { FunctionRef, WasmModule } from "../../../../../wasm/index.js";
import { type Epilogue, kindOf } from "../../blocks/epilogue.js";
import { blocksOf } from "../../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../../define-kernel.js";
import type { Plan } from "../../plan.js";
import { taskRows } from "../../products/gemm.js";
import { blockRows, defineRows, type RowsSpec, tileRows } from "../../products/gemm-tile.js";
import { defineCopyRun, defineWindowRows, type WindowSpec, windowFloats } from "./window-rows.js";

/** Window rows made at a time: they should still be in the L1 or L2 cache when the product reads them. */
const WINDOW_BYTES = 1 << 16;

/** Rows of C that lie apart: row (image, qy, qx) of a grid at image · imageBytes + qy · lineBytes + qx · pixelBytes. */
export interface Scatter {
  readonly grid: Pair;
  readonly imageBytes: number;
  readonly lineBytes: number;
  readonly pixelBytes: number;
}

interface WindowGemmSpec {
  readonly windows: WindowSpec;
  readonly rows: RowsSpec;
  readonly block: number;
  readonly rowsPerTask: number;
  readonly scatter: Scatter | null;
}

const rowBytesOf = ({ n }: RowsSpec): number => alignUp(4 * n, 16);

/** (from, to, row, count): rows of `floats` floats, `fromRow` bytes apart, to their places. */
const defineScatter = (m: WasmModule, scatter: Scatter, floats: number, fromRow: number): FunctionRef =>
  m.function(
    `scatter ${floats} ${fromRow} ${JSON.stringify(scatter)}`,
    ["i32", "i32", "i32", "i32"],
    (f, from, to, row, count) => {
      const { grid, imageBytes, lineBytes, pixelBytes } = scatter;
      const copy = defineCopyRun(m, floats);
      const x = f.int(row.rem(grid[1]));
      const line = f.int(row.div(grid[1]));
      const y = f.int(line.rem(grid[0]));
      const image = f.int(to.add(line.div(grid[0]).mul(imageBytes)));
      f.for(0, count, 1, () => {
        f.call(copy, image.add(y.mul(lineBytes)).add(x.mul(pixelBytes)), from);
        from.inc(fromRow);
        x.inc(1);
        f.if(x.equal(grid[1]), () => {
          x.set(0);
          y.inc(1);
          f.if(y.equal(grid[0]), () => {
            y.set(0);
            image.inc(imageBytes);
          });
        });
      });
    },
  );

/** C[rows, n] = windows · B. A task is a run of rows, done in blocks whose windows fit the cache. */
const windowGemmKernel = defineRangeKernel(
  {
    name: "window gemm",
    spec: specOf<WindowGemmSpec>(),
    args: { x: "pointer", b: "pointer", c: "pointer", rows: "int", bias: "pointer" },
    scratchPerWorker: ({ block, rows, scatter }) => block * (rows.aRow + (scatter ? rowBytesOf(rows) : 0)),
  },
  (
    { m, f, spec: { windows, rows: spec, block, rowsPerTask, scatter }, scratch },
    { begin, end },
    { x, b, c, rows, bias },
  ) => {
    const own = f.int(scratch);
    const last = f.int(end.mul(rowsPerTask).min(rows));
    f.for(begin.mul(rowsPerTask), last, block, (row) => {
      const count = f.int(last.sub(row).min(block));
      f.call(defineWindowRows(m, windows), x, own, row, count);
      if (scatter) {
        const products = f.int(own.add(block * spec.aRow));
        f.call(defineRows(m, spec), own, b, products, count, bias);
        f.call(defineScatter(m, scatter, spec.n, spec.cRow), products, c, row, count);
        return;
      }
      f.call(defineRows(m, spec), own, b, c.add(row.mul(spec.cRow)), count, bias);
    });
  },
);

export interface WindowProduct {
  readonly windows: WindowSpec;
  readonly rows: number;
  readonly n: number;
  /** Addresses: of the windows' source, of packed B, of C. */
  readonly x: number;
  readonly b: number;
  readonly c: number;
  /** Bytes from row to row of C, or where its rows lie. */
  readonly place: number | Scatter;
  readonly epilogue?: Epilogue | null;
}

export function windowProduct(plan: Plan, { windows, rows, n, x, b, c, place, epilogue = null }: WindowProduct): void {
  const { target } = plan;
  const k = windowFloats(windows);
  const block = blockRows(target, 4 * k, WINDOW_BYTES);
  const scatter = typeof place === "number" ? null : place;
  const cRow = typeof place === "number" ? place : alignUp(4 * n, 16);
  const spec: RowsSpec = {
    ...{ n, k, aRow: 4 * k, cRow, tail: rows % tileRows(target), directB: null, prefetch: false },
    epilogue: kindOf(epilogue),
  };
  const rowsPerTask = alignUp(taskRows(target, n, k), block);
  windowGemmKernel.call(plan, {
    spec: { windows, rows: spec, block, rowsPerTask, scatter },
    tasks: blocksOf(rows, rowsPerTask),
    args: { x, b, c, rows, bias: epilogue?.bias ?? 0 },
  });
}
