/**
 * One scan of a JPEG into coefficients, as libjpeg-turbo 2.1 does it where the data is damaged: behind a segment's end its blocks stay
 * empty, and restart markers that are missing or wrong are searched for by their numbers (jdmarker.c, jpeg_resync_to_restart).
 */

import { readBand, readSequential, refineBand } from "./jpeg-blocks.js";
import { naturalQuantizer } from "./jpeg-idct.js";
import { gainsOf, type PlainBlock } from "./jpeg-plain.js";
import { type Frame, JpegFault, type JpegSegments, mcusOf, type ScanHeader } from "./jpeg-segments.js";
import type { HuffmanTable } from "./jpeg-tables.js";

/** Coefficients of a picture and what is known of them, filled scan by scan. */
export interface Coefficients {
  /** By component: 64 a block in their natural order, rows of `stride` blocks. */
  readonly blocks: readonly Int16Array[];
  /** By component, in zigzag order: as they were at the component's first scan. */
  readonly quantizers: (Uint16Array | undefined)[];
  /** The last row of MCUs whose data was there, in the last scan that had some. */
  lastGoodRow: number;
  /** Rows of MCUs that any scan had data for; blocks below are empty. */
  dataRows: number;
}

/** Blocks of an interleaved MCU (T.81, B.2.3). */
const MAX_MCU_BLOCKS = 10;

/**
 * libjpeg-turbo reads a sequential MCU hastily, and takes fill bytes for the end, where as many bytes for each of its blocks are in its
 * buffer: how many there are is the caller's affair, not the file's.
 */
const HASTY_BYTES = 512;

interface Member {
  readonly component: number;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  /** Blocks of an MCU. */
  readonly h: number;
  readonly v: number;
  predicted: number;
}

/** Reads the data behind the header `scan`. Throws JpegFault for what libjpeg gives up on. */
export function readScan(segments: JpegSegments, frame: Frame, scan: ScanHeader, to: Coefficients): void {
  const members = prepare(segments, frame, scan, to);
  const { bits, odd, restartInterval } = segments;
  const isInterleaved = members.length > 1;
  const { columns, rows } = mcusOf(frame, scan);
  const { v } = frame.components[members[0]!.component]!;
  const read = frame.isProgressive ? progressiveReader(segments, scan, to) : sequentialReader(segments, to);
  const damagesBefore = bits.damages;
  const isHasty = !frame.isProgressive && restartInterval === 0;
  const mcuBlocks = members.reduce((sum, { h, v }) => sum + h * v, 0);
  let left = restartInterval;
  let expected = 0;
  // what is behind a segment's last bit stays empty
  let isShort = false;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (restartInterval > 0 && left-- === 0) {
        if (nextSegment(segments, expected)) isShort = false;
        expected = (expected + 1) & 7;
        left = restartInterval - 1;
        for (const member of members) member.predicted = 0;
        read.restart();
      }
      if (isShort) continue;
      const { at: start, fills } = bits;
      to.lastGoodRow = isInterleaved ? row : Math.floor(row / v);
      if (to.dataRows <= to.lastGoodRow) to.dataRows = to.lastGoodRow + 1;
      for (const member of members) {
        const { stride } = frame.components[member.component]!;
        for (let y = 0; y < member.v; y++)
          for (let x = 0; x < member.h; x++)
            read.block(member, 64 * ((row * member.v + y) * stride + column * member.h + x));
      }
      if (bits.fills > fills && isHasty && segments.bytesFrom(start) >= HASTY_BYTES * mcuBlocks)
        throw new JpegFault("fill bytes inside its image data, where versions of libjpeg give different pixels");
      if (bits.isOverdrawn) {
        isShort = true;
        odd.add("image data that ends early");
      }
    }
  }
  if (bits.damages > damagesBefore) odd.add("image data that is damaged");
}

/** The scan of a sequential file as plainEnd() takes it. Throws as readScan() does. */
export function planScan(
  segments: JpegSegments,
  frame: Frame,
  scan: ScanHeader,
  to: Coefficients,
): { readonly columns: number; readonly rows: number; readonly blocks: readonly PlainBlock[] } {
  const members = prepare(segments, frame, scan, to);
  const { columns, rows } = mcusOf(frame, scan);
  const blocks = members.flatMap(({ component, dc, ac, h, v }, member) => {
    const zigzag = to.quantizers[component]!;
    const one = { dc: dc!, ac: ac!, member, quantizer: naturalQuantizer(zigzag), gains: gainsOf(zigzag) };
    return Array.from({ length: h * v }, () => one);
  });
  return { columns, rows, blocks };
}

function prepare(segments: JpegSegments, frame: Frame, scan: ScanHeader, to: Coefficients): Member[] {
  const { members, first, last, high, low } = scan;
  const { isProgressive, components } = frame;
  const isDcBand = first === 0;
  if (isProgressive) {
    const isBad = isDcBand ? last !== 0 : first > last || last > 63 || members.length > 1;
    if (isBad || (high !== 0 && low !== high - 1) || low > 13)
      throw new JpegFault(`a progressive scan of coefficients ${first} to ${last}, bits ${high} to ${low}`);
  } else if (first !== 0 || last !== 63 || high !== 0 || low !== 0)
    segments.odd.add("scans that contradict each other");
  const isInterleaved = members.length > 1;
  const mcuBlocks = members.reduce(
    (sum, { component }) => sum + components[component]!.h * components[component]!.v,
    0,
  );
  if (isInterleaved && mcuBlocks > MAX_MCU_BLOCKS) throw new JpegFault(`${mcuBlocks} blocks in an MCU`);
  return members.map(({ component, dc, ac }) => {
    const { h, v, table } = components[component]!;
    to.quantizers[component] ??= segments.quantizers[table]?.slice();
    if (!to.quantizers[component]) throw new JpegFault(`no quantisation table ${table}`);
    return {
      component,
      dc: !isProgressive || (isDcBand && high === 0) ? segments.table(true, dc) : undefined,
      ac: !isProgressive || !isDcBand ? segments.table(false, ac) : undefined,
      h: isInterleaved ? h : 1,
      v: isInterleaved ? v : 1,
      predicted: 0,
    };
  });
}

interface BlockReader {
  /** Reads the block of `member` at this place among the coefficients. */
  block(member: Member, at: number): void;
  restart(): void;
}

function sequentialReader({ bits }: JpegSegments, { blocks }: Coefficients): BlockReader {
  return {
    restart() {},
    block(member, at) {
      const { component } = member;
      const out = blocks[component]!;
      const size = bits.symbol(member.dc!);
      if (size > 0) member.predicted = (member.predicted + bits.takeSigned(size)) | 0;
      out[at] = member.predicted;
      readSequential(bits, member.ac!, out, at);
    },
  };
}

function progressiveReader({ bits }: JpegSegments, scan: ScanHeader, { blocks }: Coefficients): BlockReader {
  const { first, high, low } = scan;
  let emptyRun = 0;
  const restart = () => {
    // no encoder lets a run of empty blocks go on behind a restart marker
    if (emptyRun > 0) bits.damages++;
    emptyRun = 0;
  };
  if (first === 0 && high === 0)
    return {
      restart,
      block(member, at) {
        const size = bits.symbol(member.dc!);
        if (size > 0) member.predicted = (member.predicted + bits.takeSigned(size)) | 0;
        blocks[member.component]![at] = member.predicted << low;
      },
    };
  if (first === 0)
    return {
      restart,
      block({ component }, at) {
        if (bits.take(1) === 1) blocks[component]![at]! |= 1 << low;
      },
    };
  if (high === 0)
    return {
      restart,
      block({ component, ac }, at) {
        if (emptyRun > 0) emptyRun--;
        else emptyRun = readBand(bits, ac!, scan, blocks[component]!, at);
      },
    };
  return {
    restart,
    block({ component, ac }, at) {
      emptyRun = refineBand(bits, ac!, scan, blocks[component]!, at, emptyRun);
    },
  };
}

/** Goes to the segment behind restart marker `expected`; false where another marker is in the way, and the segment is empty. */
function nextSegment(segments: JpegSegments, expected: number): boolean {
  const { bits, odd } = segments;
  segments.isAfterData = true;
  let marker = segments.nextMarker();
  segments.isAfterData = true;
  if (marker === 0xd0 + expected) return true;
  odd.add("restart markers out of place");
  for (;;) {
    const ahead = marker >= 0xd0 && marker <= 0xd7 ? (marker - 0xd0 - expected) & 7 : -1;
    const isSkipped = marker < 0xc0 || ahead === 6 || ahead === 7;
    if (!isSkipped) {
      const isTaken = ahead === 0 || (ahead >= 3 && ahead <= 5);
      // the marker is met again by the next segment, or by the next scan
      if (!isTaken) bits.at -= 2;
      return isTaken;
    }
    marker = segments.nextMarker();
    segments.isAfterData = true;
  }
}
