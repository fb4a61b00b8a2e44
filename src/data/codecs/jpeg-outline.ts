/**
 * A JPEG by its markers alone: how much work its scans are, and whether it is whole as far as can be seen without reading codes. It costs
 * a twentieth of decoding, and spares the look at every code where a decoder reports what it stumbles over.
 */
import type { Budget } from "../../util/budget.js";
import { type Frame, JpegFault, JpegSegments, mcusOf, type ScanHeader } from "./jpeg-segments.js";
import { isComplete, type Knowledge, learn, newKnowledge } from "./jpeg-smoothing.js";

/**
 * Times that the blocks of a progressive file may be gone through: ten scans of common encoders go through each six times. Small
 * pictures may take more.
 */
const MAX_VISITS_PER_BLOCK = 32;
const FREE_VISITS = 2 ** 22;

/** Whether a file looks whole. Throws JpegFault, or an error of the budget, for one whose scans are too much work. */
export function looksWhole(bytes: Uint8Array, budget: Budget): boolean {
  const segments = new JpegSegments(bytes);
  const { odd, bits } = segments;
  const visits = new Visits(budget);
  const knowledge: Knowledge[] = [];
  const seen = new Set<number>();
  let isWhole = true;
  for (let number = 1; ; number++) {
    const scan = nextScan(segments);
    if (scan === undefined) return false;
    if (scan === null) break;
    const frame = segments.frame!;
    const isSingle = !frame.isProgressive && scan.members.length === frame.components.length;
    if (isSingle && number > 1) return false;
    visits.add(frame, scan);
    if (number === 1) knowledge.push(...frame.components.map(newKnowledge));
    if (frame.isProgressive) learn(scan, knowledge, number, odd);
    for (const { component } of scan.members) seen.add(component);
    const end = endOfData(bytes, bits.at, segments.restartInterval);
    isWhole &&= end.isWhole && end.restarts === restartsOf(frame, scan, segments.restartInterval);
    bits.at = end.at;
  }
  const { frame, hasFills, hasLateTables } = segments;
  if (frame === undefined || !isWhole || hasFills || hasLateTables || odd.size > 0) return false;
  return seen.size === frame.components.length && (!frame.isProgressive || isComplete(knowledge));
}

/** undefined where the segments cannot be read: jpeg-policy.ts says whether that matters. */
function nextScan(segments: JpegSegments): ScanHeader | null | undefined {
  try {
    return segments.nextScan();
  } catch (cause) {
    if (cause instanceof JpegFault) return undefined;
    throw cause;
  }
}

interface DataEnd {
  readonly at: number;
  readonly restarts: number;
  /** Whether nothing but data and restart markers in their order came before. */
  readonly isWhole: boolean;
}

function endOfData(bytes: Uint8Array, start: number, interval: number): DataEnd {
  let restarts = 0;
  let isWhole = true;
  let at = bytes.indexOf(0xff, start);
  while (at >= 0 && at + 1 < bytes.length) {
    const next = bytes[at + 1]!;
    if (next >= 0xd0 && next <= 0xd7) {
      if (interval === 0 || next !== 0xd0 + (restarts & 7)) isWhole = false;
      restarts++;
    } else if (next === 0xff) isWhole = false;
    else if (next !== 0) return { at, restarts, isWhole };
    at = bytes.indexOf(0xff, next === 0xff ? at + 1 : at + 2);
  }
  return { at: bytes.length, restarts, isWhole: false };
}

function restartsOf(frame: Frame, scan: ScanHeader, interval: number): number {
  const { columns, rows } = mcusOf(frame, scan);
  return interval === 0 ? 0 : Math.ceil((columns * rows) / interval) - 1;
}

/** Counts the blocks that scans go through. */
class Visits {
  readonly #budget: Budget;
  #count = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add({ components }: Frame, { members }: ScanHeader): void {
    const blocksOf = (of: readonly number[]) =>
      of.reduce((sum, component) => sum + components[component]!.columns * components[component]!.rows, 0);
    const blocks = blocksOf(members.map(({ component }) => component));
    this.#budget.spend("scanBlocks", blocks);
    this.#count += blocks;
    if (this.#count > Math.max(FREE_VISITS, MAX_VISITS_PER_BLOCK * blocksOf([...components.keys()])))
      throw new JpegFault(`scans that go through its blocks more than ${MAX_VISITS_PER_BLOCK} times`);
  }
}
