/**
 * The float64 counterpart of gemm-tile.ts, for the small matrices of folding: C[rows, 4] = A[rows, k] B[k, 4] with A
 * row-major, B and C in panels of four columns.
 */
import { type FunctionRef, maddDouble, type Target, type WasmModule } from "../../../../wasm/index.js";

/** Accumulators: with 2 of B and 1 of A the 15 registers that V8 gives (x64), and enough to hide the latency of a multiply-add. */
const ACCUMULATORS = 12;
/** Rows of a tile: 6 where a row of C takes two vectors, 12 where paired vectors hold it in one. */
export const doubleRows = ({ lanes }: Target): number => (ACCUMULATORS * lanes) / 8;
export const PANEL_COLUMNS = 4;
export const PANEL_ROW_BYTES = 8 * PANEL_COLUMNS;
const FENCED_ROWS = 3;

/** (a, b, c, k): one tile of `rows` rows, `aRow` bytes apart; k is at least 1. */
export function defineDoubleTile(m: WasmModule, rows: number, aRow: number, accumulate: boolean): FunctionRef {
  return m.function(`double tile ${rows} ${aRow} ${accumulate}`, ["i32", "i32", "i32", "i32"], (f, a, b, c, k) => {
    const vectors = 8 / m.lanes;
    const acc = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.vec(0)));
    const bs = Array.from({ length: vectors }, () => f.vec());
    const value = f.vec();
    const left = f.int(k);
    f.doWhile(
      () => {
        bs.forEach((bv, j) => {
          bv.set(f.load(b, 4 * j * m.lanes));
        });
        for (let first = 0; first < rows; first += FENCED_ROWS)
          f.fence(() => {
            for (let i = first; i < Math.min(rows, first + FENCED_ROWS); i++) {
              value.set(f.broadcastDouble(a, i * aRow));
              acc[i]!.forEach((sum, j) => {
                sum.set(maddDouble(f, value, bs[j]!, sum));
              });
            }
          });
        a.inc(8);
        b.inc(PANEL_ROW_BYTES);
        left.inc(-1);
      },
      () => left,
    );
    acc.forEach((row, i) => {
      row.forEach((sum, j) => {
        const at = i * PANEL_ROW_BYTES + 4 * j * m.lanes;
        f.store(c, at, accumulate ? f.load(c, at).addDouble(sum) : sum);
      });
    });
  });
}
