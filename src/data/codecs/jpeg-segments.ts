/**
 * The segments between a JPEG's scans, read by libjpeg's rules (jdmarker.c): which bytes it skips with a warning, and what it gives up
 * on. Each reader takes the segment's first byte behind the marker and changes the state that scans are decoded with.
 */
import { JpegBits } from "./jpeg-bits.js";
import { type HuffmanTable, makeTable, standardTable } from "./jpeg-tables.js";

/** What libjpeg gives up on: the file is refused for this reason. */
export class JpegFault extends Error {}

/** What is odd about a file that can be read all the same; each is a line of `verify-dataset`. */
export type Oddness =
  | "bytes between its markers"
  | "no end marker"
  | "image data that ends early"
  | "image data that is damaged"
  | "more image data than pixels"
  | "restart markers out of place"
  | "no Huffman tables, the standard ones taken"
  | "scans that contradict each other"
  | "scans missing"
  | "fill bytes inside its image data"
  | "more than its end behind its image data";

/** One component of the frame with what scans need. */
export interface FrameComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly table: number;
  /** Blocks that hold pixels. */
  readonly columns: number;
  readonly rows: number;
  /** Blocks of a row with those that fill up the last MCU. */
  readonly stride: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly maxH: number;
  readonly maxV: number;
  readonly isProgressive: boolean;
  readonly components: readonly FrameComponent[];
}

/** A start of scan: components and tables by place, the band, the bits. */
export interface ScanHeader {
  readonly members: readonly { readonly component: number; readonly dc: number; readonly ac: number }[];
  readonly first: number;
  readonly last: number;
  readonly high: number;
  readonly low: number;
}

/** MCUs of a scan across and down (T.81, A.2). */
export function mcusOf(frame: Frame, { members }: Pick<ScanHeader, "members">) {
  const { components, width, height, maxH, maxV } = frame;
  if (members.length === 1) return components[members[0]!.component]!;
  return { columns: Math.ceil(width / (8 * maxH)), rows: Math.ceil(height / (8 * maxV)) };
}

const SOF_BASE = 0xc0;
const isFrameMarker = (marker: number): boolean => marker >= SOF_BASE && marker <= SOF_BASE + 2;
const isSilent = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01;
const isSkipped = (marker: number): boolean => (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe || marker === 0xdc;

/** A walk through the segments of a file; `bits` stands behind the last of them. */
export class JpegSegments {
  readonly bits: JpegBits;
  readonly odd = new Set<Oddness>();
  readonly quantizers: (Uint16Array | undefined)[] = [];
  readonly #dc: (HuffmanTable | null | undefined)[] = [];
  readonly #ac: (HuffmanTable | null | undefined)[] = [];
  readonly #size: number;
  #hasScan = false;
  /** Standard tables put in: DC 0 and 1, AC 0 and 1. */
  readonly #isFilled = [false, false, false, false];
  restartInterval = 0;
  frame: Frame | undefined;
  /** Whether quantisation tables came after a scan, which jpeg-js takes for those of the whole picture. */
  hasLateTables = false;
  /** Whether `bits` stands behind image data. */
  isAfterData = false;
  /** Fill bytes before a restart marker: lawful, and taken by jpeg-js for the end of the picture. */
  hasFills = false;

  constructor(bytes: Uint8Array) {
    this.bits = new JpegBits(bytes, 2);
    this.#size = bytes.length;
  }

  /** Whether the end of the file is behind. */
  get isPastEnd(): boolean {
    return this.bits.at > this.#size;
  }

  /** Bytes of the file from `at` on. */
  bytesFrom(at: number): number {
    return this.#size - at;
  }

  /** The next marker, `bits` behind it; what is skipped before it is odd. */
  nextMarker(): number {
    const { bits, isAfterData } = this;
    let skipped = bits.unusedBytes;
    bits.align();
    this.isAfterData = false;
    for (;;) {
      while (bits.byteAt(bits.at) !== 0xff) {
        bits.at++;
        skipped++;
      }
      const start = bits.at;
      while (bits.byteAt(bits.at) === 0xff) bits.at++;
      if (isAfterData && bits.at > start + 1) this.hasFills = true;
      const marker = bits.byteAt(bits.at++);
      if (marker === 0) skipped += 2;
      else {
        if (skipped > 0) this.odd.add(isAfterData ? "more image data than pixels" : "bytes between its markers");
        return marker;
      }
    }
  }

  /** Reads on to the next scan, whose header it gives; null at the end of the picture. Throws JpegFault. */
  nextScan(): ScanHeader | null {
    for (;;) {
      const wasAfterData = this.isAfterData;
      const marker = this.nextMarker();
      if (marker === 0xd9) {
        if (this.isPastEnd) this.odd.add("no end marker");
        return null;
      }
      if (isSilent(marker)) {
        if (marker !== 0x01) this.odd.add("restart markers out of place");
        this.isAfterData = wasAfterData;
        continue;
      }
      if (marker === 0xd8) throw new JpegFault("a second start marker");
      const length = this.#word();
      const end = this.bits.at + length - 2;
      if (isSkipped(marker)) this.bits.at = Math.max(this.bits.at, end);
      else if (isFrameMarker(marker)) this.#readFrame(marker, length);
      else if (marker === 0xda) {
        this.isAfterData = true;
        this.#hasScan = true;
        return this.#readScan(length);
      } else if (marker === 0xc4) this.#readHuffman(length - 2);
      else if (marker === 0xdb) this.#readQuantizers(length - 2);
      else if (marker === 0xdd) this.#readInterval(length);
      else throw new JpegFault(`marker 0x${marker.toString(16)}`);
    }
  }

  /** The table of a scan's component. Throws JpegFault where there is none. */
  table(isDc: boolean, index: number): HuffmanTable {
    const table = (isDc ? this.#dc : this.#ac)[index];
    if (table) {
      if (index < 2 && this.#isFilled[isDc ? index : index + 2])
        this.odd.add("no Huffman tables, the standard ones taken");
      return table;
    }
    throw new JpegFault(table === null ? "a Huffman table of no code" : `no Huffman table ${index}`);
  }

  /** Before the first scan: the standard tables for those that a sequential file has not (motion JPEG). */
  fillTables(): void {
    for (const which of [0, 1] as const) {
      for (const isDc of [true, false]) {
        const tables = isDc ? this.#dc : this.#ac;
        if (tables[which] !== undefined) continue;
        tables[which] = standardTable(which, isDc);
        this.#isFilled[isDc ? which : which + 2] = true;
      }
    }
  }

  #byte(): number {
    return this.bits.byteAt(this.bits.at++);
  }

  #word(): number {
    return (this.#byte() << 8) | this.#byte();
  }

  #readFrame(marker: number, length: number): void {
    if (this.frame) throw new JpegFault("two frame headers");
    this.#byte();
    const height = this.#word();
    const width = this.#word();
    const count = this.#byte();
    if (length !== 8 + 3 * count) throw new JpegFault("a frame header of the wrong length");
    const raw = Array.from({ length: count }, () => {
      const id = this.#byte();
      const factors = this.#byte();
      return { id, h: factors >> 4, v: factors & 15, table: this.#byte() };
    });
    const maxH = Math.max(...raw.map(({ h }) => h));
    const maxV = Math.max(...raw.map(({ v }) => v));
    const mcuColumns = Math.ceil(width / (8 * maxH));
    const components = raw.map((one) => ({
      ...one,
      columns: Math.ceil((width * one.h) / (8 * maxH)),
      rows: Math.ceil((height * one.v) / (8 * maxV)),
      stride: mcuColumns * one.h,
    }));
    this.frame = { width, height, maxH, maxV, isProgressive: marker === SOF_BASE + 2, components };
  }

  #readScan(length: number): ScanHeader {
    const { frame } = this;
    if (!frame) throw new JpegFault("a scan without a frame");
    const count = this.#byte();
    if (length !== 6 + 2 * count || count < 1 || count > 4) throw new JpegFault("a scan header of the wrong length");
    const members = Array.from({ length: count }, (_, i) => {
      const id = this.#byte();
      const tables = this.#byte();
      // as libjpeg: a component that comes before its place in the frame is not found
      const component = frame.components.findIndex((one, place) => one.id === id && place >= i);
      return { component, dc: tables >> 4, ac: tables & 15 };
    });
    const places = members.map(({ component }) => component);
    if (places.includes(-1)) throw new JpegFault("a scan of a component that the frame has not");
    if (new Set(places).size < count) throw new JpegFault("a component twice in a scan");
    const [first, last, bits] = [this.#byte(), this.#byte(), this.#byte()];
    return { members, first, last, high: bits >> 4, low: bits & 15 };
  }

  #readHuffman(length: number): void {
    let left = length;
    while (left > 16) {
      const index = this.#byte();
      const counts = Array.from({ length: 16 }, () => this.#byte());
      const sum = counts.reduce((a, b) => a + b, 0);
      left -= 17;
      if (sum > 256 || sum > left) throw new JpegFault("a Huffman table of the wrong length");
      const values = Array.from({ length: sum }, () => this.#byte());
      left -= sum;
      const isDc = (index & 0x10) === 0;
      const place = index & ~0x10;
      if (place > 3) throw new JpegFault(`Huffman table ${index}`);
      (isDc ? this.#dc : this.#ac)[place] = makeTable(counts, values, isDc);
      if (place < 2) this.#isFilled[isDc ? place : place + 2] = false;
    }
    if (left !== 0) throw new JpegFault("Huffman tables of the wrong length");
  }

  #readQuantizers(length: number): void {
    this.hasLateTables ||= this.#hasScan;
    let left = length;
    while (left > 0) {
      const spec = this.#byte();
      if ((spec & 15) > 3) throw new JpegFault(`quantisation table ${spec & 15}`);
      const isWide = spec >> 4 > 0;
      // zigzag order, as the coefficients come
      this.quantizers[spec & 15] = Uint16Array.from({ length: 64 }, () => (isWide ? this.#word() : this.#byte()));
      left -= isWide ? 129 : 65;
    }
    if (left !== 0) throw new JpegFault("quantisation tables of the wrong length");
  }

  #readInterval(length: number): void {
    if (length !== 4) throw new JpegFault("a restart interval of the wrong length");
    this.restartInterval = this.#word();
  }
}
