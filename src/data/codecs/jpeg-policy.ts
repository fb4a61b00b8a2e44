/**
 * The one rule on damaged JPEGs, the same for every decoder and checked before pixels: what OpenCV (libjpeg-turbo 2.1, as imread reads
 * files) gives a picture for is accepted with that picture, and what is odd about it is named; what it gives up on is refused. A
 * file with nothing odd goes to the decoder that was asked for. An odd one goes to none: decoders conceal errors each in its own way.
 */
import type { Budget } from "../../util/budget.js";
import { naturalQuantizer } from "./jpeg-idct.js";
import { isWild, plainEnd } from "./jpeg-plain.js";
import { type Coefficients, planScan, readScan } from "./jpeg-scan.js";
import { type Frame, JpegFault, JpegSegments, type Oddness } from "./jpeg-segments.js";
import { isIncomplete, type Knowledge, learn, newKnowledge } from "./jpeg-smoothing.js";

/** What is known of a file without having made pixels. */
export interface JpegVerdict {
  readonly odd: readonly Oddness[];
  /** Whether all decoders read it alike. */
  readonly isPlain: boolean;
}

/** A file whose coefficients have been read. */
export interface ReadJpeg extends JpegVerdict {
  readonly frame: Frame;
  readonly coefficients: Coefficients;
  /** By component, for a progressive file that estimates are made for. */
  readonly knowledge: readonly Knowledge[] | null;
}

/** Of a block. */
const COEFFICIENT_BYTES = 128;

/** Looks through a whole file. Throws JpegFault with the reason why it is refused, and errors of the budget. */
export function judgeJpeg(bytes: Uint8Array, budget: Budget): JpegVerdict {
  return isQuicklyPlain(bytes) ? { odd: [], isPlain: true } : readJpeg(bytes, budget);
}

/** Whether a sequential file of one scan is seen to be plain at once; false decides nothing. */
function isQuicklyPlain(bytes: Uint8Array): boolean {
  const segments = new JpegSegments(bytes);
  const scan = segments.nextScan();
  const { frame, bits, odd } = segments;
  if (scan === null || frame === undefined || frame.isProgressive) return false;
  if (scan.members.length < frame.components.length) return false;
  segments.fillTables();
  const coefficients = makeCoefficients(frame, false);
  const { columns, rows, blocks } = planScan(segments, frame, scan, coefficients);
  bits.at = plainEnd(bytes, bits.at, columns * rows, blocks, segments.restartInterval);
  if (bits.at < 0) return false;
  passOver(segments);
  return odd.size === 0 && !segments.hasFills && !segments.hasLateTables;
}

/** Reads all coefficients. Throws JpegFault with the reason why the file is refused, and errors of the budget. */
export function readJpeg(bytes: Uint8Array, budget: Budget): ReadJpeg {
  const segments = new JpegSegments(bytes);
  let scan = segments.nextScan();
  const { frame } = segments;
  if (scan === null || frame === undefined) throw new JpegFault("no image data");
  if (!frame.isProgressive) segments.fillTables();
  const blocks = frame.components.reduce((sum, { stride, rows }) => sum + stride * rows, 0);
  const samples = frame.width * frame.height * frame.components.length;
  budget.check("pixels", frame.width * frame.height);
  budget.check("pictureBytes", COEFFICIENT_BYTES * blocks + 2 * samples);
  const coefficients = makeCoefficients(frame, true);
  const knowledge = frame.components.map(newKnowledge);
  const isSingle = !frame.isProgressive && scan.members.length === frame.components.length;
  const seen = new Set<number>();
  let number = 0;
  while (scan !== null) {
    number++;
    for (const { component } of scan.members) seen.add(component);
    if (frame.isProgressive) learn(scan, knowledge, number, segments.odd);
    readScan(segments, frame, scan, coefficients);
    scan = isSingle ? passOver(segments) : segments.nextScan();
  }
  if (number === 1) for (const { before } of knowledge) before.fill(-1);
  const { odd, bits } = segments;
  const isSmoothed = frame.isProgressive && isIncomplete(knowledge, coefficients);
  if (isSmoothed || seen.size < frame.components.length) odd.add("scans missing");
  if (bits.fills > 0) odd.add("fill bytes inside its image data");
  if (hasWildBlocks(frame, coefficients)) odd.add("image data that is damaged");
  return {
    odd: [...odd],
    isPlain: odd.size === 0 && !segments.hasFills && !segments.hasLateTables,
    frame,
    coefficients,
    knowledge: isSmoothed ? knowledge : null,
  };
}

/** What stands behind the only scan changes no pixel, and so stops no one. */
function passOver(segments: JpegSegments): null {
  try {
    if (segments.nextScan() !== null) segments.odd.add("more than its end behind its image data");
  } catch (cause) {
    if (!(cause instanceof JpegFault)) throw cause;
    segments.odd.add("more than its end behind its image data");
  }
  return null;
}

function makeCoefficients({ components, height, maxV }: Frame, isKept: boolean): Coefficients {
  const mcuRows = Math.ceil(height / (8 * maxV));
  return {
    blocks: components.map(({ stride, v }) => new Int16Array(isKept ? 64 * stride * mcuRows * v : 64)),
    quantizers: components.map(() => undefined),
    lastGoodRow: 0,
    dataRows: 0,
  };
}

/** Whether some block's samples leave the range that every decoder's arithmetic cuts alike. */
function hasWildBlocks(frame: Frame, { blocks, quantizers, dataRows }: Coefficients): boolean {
  return frame.components.some(({ columns, rows, stride, v }, component) => {
    const quantizer = naturalQuantizer(quantizers[component]);
    const of = blocks[component]!;
    for (let row = 0; row < Math.min(rows, dataRows * v); row++)
      for (let column = 0; column < columns; column++)
        if (isWild(of, 64 * (row * stride + column), quantizer)) return true;
    return false;
  });
}
