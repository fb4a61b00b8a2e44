/**
 * Walking rows of channels [rows, C]: blocks of rows, and in each block strips of 16 channels (one cache line, so that a
 * line is used up while it is near), with the last C mod 16 channels as a narrower strip.
 */
import { alignUp } from "../../../../util/align-up.js";
import { type FunctionBuilder, type FunctionRef, Int, type IntLike, type IntVar, Vec } from "../../../../wasm/index.js";

export const STRIP_LANES = 16;
const PIECE_LANES = 8;
/** Fewer rows are not worth what a block costs. */
const MIN_BLOCK_ROWS = 8;

/** Channels rounded up to whole strips: what scratch vectors of channels are padded to. */
export const paddedChannels = (channels: number): number => alignUp(channels, STRIP_LANES);

/** Up to 8 adjacent lanes of a strip: a pair of vectors, packed together by V8's revectorizer. */
export interface Piece {
  readonly lanes: number;
  readonly parts: number;
  /** Bytes from the strip's start, in float32. */
  readonly at: number;
}

export function piecesOf(lanes: number): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < lanes; from += PIECE_LANES) {
    const own = Math.min(PIECE_LANES, lanes - from);
    pieces.push({ lanes: own, parts: Math.ceil(own / 4), at: 4 * from });
  }
  return pieces;
}

/** Calls the function `define(lanes)` gives for each strip, with the strip's byte offset in float32. */
export function forEachStrip(
  f: FunctionBuilder,
  channels: number,
  define: (lanes: number) => FunctionRef,
  args: (at: Int) => readonly IntLike[],
): void {
  const rest = channels % STRIP_LANES;
  const whole = 4 * (channels - rest);
  if (whole > 0) f.for(0, whole, 4 * STRIP_LANES, (at) => f.call(define(STRIP_LANES), ...args(at)));
  if (rest > 0) f.call(define(rest), ...args(Int.of(whole)));
}

/** Does `body` with the width of the strip of this number: the last one is narrower where channels do not fill it. */
export function atStrip(f: FunctionBuilder, channels: number, strip: Int, body: (lanes: number) => void): void {
  const rest = channels % STRIP_LANES;
  if (rest === 0) body(STRIP_LANES);
  else
    f.if(
      strip.below(Math.floor(channels / STRIP_LANES)),
      () => body(STRIP_LANES),
      () => body(rest),
    );
}

/** Rows of a block: as many as fit `bytes`, so that strips whose rows lie pages apart stay near, but not more than `most`. */
export const blockRowsWithin = (bytes: number, channels: number, most: number): number =>
  Math.min(most, Math.max(MIN_BLOCK_ROWS, Math.floor(bytes / (4 * channels))));

/** Does `body` for blocks of up to `blockRows` of `count` rows, `pointers` moving along; `rows` is a block's own count. */
export function forEachRowBlock(
  f: FunctionBuilder,
  channels: number,
  blockRows: number,
  count: IntVar,
  pointers: readonly IntVar[],
  body: (rows: IntVar) => void,
): void {
  f.for(0, count, blockRows, (done) => {
    const rows = f.int(count.sub(done).min(blockRows));
    body(rows);
    for (const pointer of pointers) pointer.inc(rows.mul(4 * channels));
  });
}

/** Adds the f32 lanes of a local to the f64 numbers at `pointer`, 2 doubles per lane pair, full vectors. */
export function addToDoubles(f: FunctionBuilder, pointer: IntLike, at: number, local: Vec): void {
  local.parts.forEach((part, i) => {
    const one = new Vec([part]);
    const from = at + 32 * i;
    f.store(pointer, from, f.load(pointer, from, 1).addDouble(one.promoteLow()));
    f.store(pointer, from + 16, f.load(pointer, from + 16, 1).addDouble(one.promoteHigh()));
  });
}

/** `lanes` (1 or 2) float32 numbers at `pointer` as f64 lanes; reads nothing beside them. */
export const loadDoublesOf = (f: FunctionBuilder, pointer: IntLike, at: number, lanes: number): Vec =>
  f.loadPartial(pointer, at, lanes, 1).promoteLow();

/** Does `body` for pairs of channels, whose f64 numbers fill a vector: `c` counts channels, `lanes` is 1 for an odd last one. */
export function forEachPair(f: FunctionBuilder, channels: number, body: (c: Int, lanes: number) => void): void {
  const whole = channels - (channels % 2);
  if (whole > 0) f.for(0, whole, 2, (c) => body(c, 2));
  if (whole < channels) body(Int.of(whole), 1);
}
