/**
 * The register tile that every matrix product ends in, and the loop of tiles over rows. A is read where it lies, one
 * broadcast per row and k; B comes in panels of `panelColumns` columns; a tile of C stays in registers for a whole run of k.
 */
import { alignUp } from "../../../../util/align-up.js";
import type { FunctionBuilder, FunctionRef, IntVar, Target, VecVar, WasmModule } from "../../../../wasm/index.js";
import type { EpilogueKind } from "../blocks/epilogue.js";

/** Vectors per tile row: with 6 rows, 12 accumulators + 2 of B + 1 of A are the 15 registers that V8 gives (x64). */
const TILE_VECTORS = 2;
/** Rows between fences: so many loads V8 before 13 can hoist without spilling. */
const FENCED_ROWS = 3;
/** Above this, k is cut, so that a strip of A stays in the L1 cache. */
const K_BLOCK = 1024;
/** What of B is walked for all rows before the next columns: half of an L2 cache. */
const B_BLOCK_BYTES = 1 << 20;
export const CACHE_LINE = 64;

/** Rows of a register tile: 6 with FMA; a product on its way to its sum needs a register more, so 4 without. */
export const tileRows = (target: Target): number => (target.fma ? 6 : 4);
/** Columns of a register tile, and of a panel of packed B. */
export const panelColumns = (target: Target): number => TILE_VECTORS * target.lanes;

/** Bytes of a packed B of [k, n]: panels [ceil(n / panelColumns)][k][panelColumns], the last one padded with zeros to full vectors. */
export const packedBytes = (target: Target, k: number, n: number): number => 4 * k * alignUp(n, target.lanes);

/** Blocks of rows made in scratch have at most this many steps of aligned rows. */
const BLOCK_STEPS = 4;

/**
 * Rows of a block that a product reads from scratch: whole tiles, as many as fit `bytes`. A multiple of 16 rows keeps what lies
 * behind a block on a cache line.
 */
export function blockRows(target: Target, rowBytes: number, bytes: number): number {
  const tile = tileRows(target);
  const step = tile * (tile % 4 === 0 ? 4 : 8);
  return step * Math.max(1, Math.min(BLOCK_STEPS, Math.floor(bytes / (rowBytes * step))));
}

/** Where the operands of a tile lie; distances in bytes, known at emission. */
export interface TileLayout {
  /** From row to row and from k to k of A. */
  readonly aRow: number;
  readonly aK: number;
  /** From k to k of B. */
  readonly bK: number;
  readonly cRow: number;
}

/**
 * The function (a, b, c, k): C[rows, columns] = Σ_k A[i, k] B[k, j], or C += with `accumulate`. k is at least 1. B must be
 * readable to full vectors, C is written for `columns` only. With an epilogue (a, b, c, k, bias): what follows the sums is
 * done while they are in registers.
 */
export function defineTile(
  m: WasmModule,
  rows: number,
  columns: number,
  layout: TileLayout,
  accumulate: boolean,
  epilogue: EpilogueKind = null,
): FunctionRef {
  const { aRow, aK, bK, cRow } = layout;
  const name = `tile ${rows}x${columns} ${aRow} ${aK} ${bK} ${cRow} ${accumulate} ${epilogue?.relu}`;
  const params = new Array<"i32">(epilogue ? 5 : 4).fill("i32");
  return m.function(name, params, (f, ...given) => {
    const [a, b, c, k, bias] = given as [IntVar, IntVar, IntVar, IntVar, IntVar];
    const vectors = Math.ceil(columns / m.lanes);
    const vectorBytes = 4 * m.lanes;
    const acc = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.vec(0)));
    const bs = Array.from({ length: vectors }, () => f.vec());
    const value = f.vec();
    const step = (u: number) => {
      bs.forEach((bv, j) => {
        bv.set(f.load(b, u * bK + j * vectorBytes));
      });
      const multiplyRow = (accRow: readonly VecVar[], i: number) => {
        value.set(f.broadcast(a, i * aRow + u * aK));
        accRow.forEach((sum, j) => {
          sum.set(f.madd(value, bs[j]!, sum));
        });
      };
      for (let first = 0; first < rows; first += FENCED_ROWS)
        fenceIfFma(f, () => {
          for (let i = first; i < Math.min(rows, first + FENCED_ROWS); i++) multiplyRow(acc[i]!, i);
        });
    };
    // two steps per round where the scheduler copes: V8's revectorizer wants them, the others lose nothing
    const unroll = m.target.fences ? 1 : 2;
    const rounds = f.int(k.div(unroll));
    const loop = () =>
      f.doWhile(
        () => {
          for (let u = 0; u < unroll; u++) step(u);
          a.inc(unroll * aK);
          b.inc(unroll * bK);
          rounds.inc(-1);
        },
        () => rounds,
      );
    if (unroll === 1) loop();
    else {
      f.if(rounds, loop);
      f.if(k.and(1), () => step(0));
    }
    const storeRow = (accRow: readonly VecVar[], i: number) => {
      const at = (j: number) => i * cRow + j * vectorBytes;
      const count = (j: number) => Math.min(m.lanes, columns - j * m.lanes);
      // the sum over this run of k first, the total after: blocked summation, whose error grows with the block only;
      // all loads before the first store, which the revectorizer cannot see past
      if (accumulate)
        accRow.forEach((sum, j) => {
          bs[j]!.set(f.loadPartial(c, at(j), count(j)));
          sum.set(sum.add(bs[j]!));
        });
      if (epilogue)
        accRow.forEach((sum, j) => {
          bs[j]!.set(f.loadPartial(bias, j * vectorBytes, count(j), m.lanes / 4));
          sum.set(sum.add(bs[j]!));
          if (epilogue.relu) sum.set(sum.pmax(f.splat(0)));
        });
      accRow.forEach((sum, j) => {
        f.storePartial(c, at(j), sum, count(j));
      });
    };
    acc.forEach((accRow, i) => {
      if (accumulate || epilogue) fenceIfFma(f, () => storeRow(accRow, i));
      else storeRow(accRow, i);
    });
  });
}

function fenceIfFma(f: FunctionBuilder, body: () => void): void {
  if (f.target.fma) f.fence(body);
  else body();
}

/** The function (p, bytes): reads a cache line of every 64 bytes, which is a prefetch (+15–25 % where B streams). */
export const defineTouch = (m: WasmModule): FunctionRef =>
  m.function("touch", ["i32", "i32"], (f, p, bytes) => {
    f.for(p, p.add(bytes), CACHE_LINE, (line) => f.touch(line));
  });

export interface RowsSpec {
  readonly n: number;
  readonly k: number;
  readonly aRow: number;
  readonly cRow: number;
  /** Rows modulo tileRows of the whole product: the only height besides tileRows that a call may end with. */
  readonly tail: number;
  /** Null for B packed in panels; else B is read where it lies, [k, n] with this row distance, n a multiple of the lanes. */
  readonly directB: number | null;
  /** A is contiguous and comes from far: read the next strip ahead. */
  readonly prefetch: boolean;
  /** C += instead of C =. */
  readonly accumulates?: boolean;
  /** What follows the whole sum. */
  readonly epilogue?: EpilogueKind;
}

/** The function (a, b, c, rows, bias): C[rows, n] = A[rows, k] B[k, n], or C +=; without an epilogue bias is not looked at. */
export function defineRows(m: WasmModule, spec: RowsSpec): FunctionRef {
  const { n, k, aRow, cRow, tail, directB, prefetch, accumulates = false, epilogue = null } = spec;
  const rows = tileRows(m.target);
  const width = panelColumns(m.target);
  const bK = directB ?? 4 * width;
  const panelBytes = directB === null ? 4 * width * k : 4 * width;
  const fullPanels = Math.floor(n / width);
  const rest = n % width;
  // B of the last panel is only as wide as its vectors
  const restK = directB ?? 4 * alignUp(rest, m.lanes);
  const kBlock = k <= K_BLOCK ? k : alignUp(Math.ceil(k / Math.ceil(k / (K_BLOCK / 2))), 2);
  const panelsPerBlock = Math.max(1, Math.floor(B_BLOCK_BYTES / (4 * width * kBlock)));

  /** (a, bFull, bRest, c, kCount, panels, rows, bias): strips of rows over some full panels, then the last panel. */
  const defineStrips = (withRest: boolean, accumulate: boolean, ahead: boolean, ending: EpilogueKind) =>
    m.function(
      `strips ${withRest} ${accumulate} ${ahead} ${ending?.relu} ${JSON.stringify(spec)}`,
      ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
      (f, a, bFull, bRest, c, kCount, panels, count, bias) => {
        const layout = { aRow, aK: 4, bK, cRow };
        const b = f.int();
        const cj = f.int();
        const own = f.int();
        const tile = (height: number, columns: number, k: number, from: IntVar) =>
          f.call(
            defineTile(m, height, columns, { ...layout, bK: k }, accumulate, ending),
            ...[a, from, cj, kCount],
            ...(ending ? [own] : []),
          );
        const strip = (height: number) => {
          b.set(bFull);
          cj.set(c);
          if (ending) own.set(bias);
          const bEnd = f.int(bFull.add(panels.mul(panelBytes)));
          f.while(
            () => b.notEqual(bEnd),
            () => {
              tile(height, width, bK, b);
              b.inc(panelBytes);
              cj.inc(4 * width);
              if (ending) own.inc(4 * width);
            },
          );
          if (withRest) tile(height, rest, restK, bRest);
          a.inc(height * aRow);
          c.inc(height * cRow);
        };
        const left = f.int(count);
        f.while(
          () => left.atLeast(rows),
          () => {
            if (ahead) f.if(left.atLeast(2 * rows), () => f.call(defineTouch(m), a.add(rows * aRow), rows * aRow));
            strip(rows);
            left.inc(-rows);
          },
        );
        if (tail > 0) f.if(left.notEqual(0), () => strip(tail));
      },
    );

  return m.function(`rows ${JSON.stringify(spec)}`, ["i32", "i32", "i32", "i32", "i32"], (f, a, b, c, count, bias) => {
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const accumulate = accumulates || k0 > 0;
      const kCount = Math.min(kBlock, k - k0);
      const ahead = prefetch && kCount === k;
      const bRest = b.add(fullPanels * panelBytes + k0 * restK);
      for (let panel = 0; ; panel += panelsPerBlock) {
        const panels = Math.min(panelsPerBlock, fullPanels - panel);
        const withRest = rest > 0 && panel + panels === fullPanels;
        f.call(
          defineStrips(withRest, accumulate, ahead && panel === 0, k0 + kCount === k ? epilogue : null),
          a.add(4 * k0),
          b.add(panel * panelBytes + k0 * bK),
          bRest,
          c.add(4 * panel * width),
          kCount,
          panels,
          count,
          bias.add(4 * panel * width),
        );
        if (panel + panels >= fullPanels) break;
      }
    }
  });
}
