/**
 * What happens to rows of an output while they are still in the cache: a bias per column is added, and negative values
 * are cut off. The same additions as the separate ops make, so the same bits.
 */
import type { FunctionBuilder, FunctionRef, IntLike, IntVar, WasmModule } from "../../../../wasm/index.js";
import { forEachStrip } from "./channels.js";

export interface Epilogue {
  readonly relu: boolean;
  /** Pointer to a float32 per column. */
  readonly bias: number;
}

/** The part of an epilogue that shapes the code; null for none. */
export type EpilogueKind = { readonly relu: boolean } | null;

export const kindOf = (epilogue: Epilogue | null): EpilogueKind => epilogue && { relu: epilogue.relu };

/** (c, bias, rows): one strip of columns of rows `rowBytes` apart. */
const defineStrip = (m: WasmModule, relu: boolean, rowBytes: number, lanes: number): FunctionRef =>
  m.function(`epilogue ${relu} ${rowBytes} ${lanes}`, ["i32", "i32", "i32"], (f, c, bias, rows) => {
    const parts = Math.ceil(lanes / 4);
    const shift = f.vec(f.loadPartial(bias, 0, lanes, parts));
    f.for(0, rows, 1, () => {
      const sum = f.vec(f.loadPartial(c, 0, lanes, parts).add(shift));
      f.storePartial(c, 0, relu ? sum.pmax(f.splat(0, parts)) : sum, lanes);
      c.inc(rowBytes);
    });
  });

/** Emits the epilogue over `rows` rows of `columns` at `c`; nothing where there is none. */
export function applyEpilogue(
  f: FunctionBuilder,
  m: WasmModule,
  kind: EpilogueKind,
  { columns, rowBytes }: { readonly columns: number; readonly rowBytes: number },
  c: IntLike,
  bias: IntVar | undefined,
  rows: IntLike,
): void {
  if (!kind || !bias) return;
  const first = f.int(c);
  const count = f.int(rows);
  forEachStrip(
    f,
    columns,
    (lanes) => defineStrip(m, kind.relu, rowBytes, lanes),
    (at) => [first.add(at), bias.add(at), count],
  );
}
