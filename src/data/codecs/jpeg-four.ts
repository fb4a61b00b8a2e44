/**
 * The four raw components of a CMYK or YCCK JPEG out of jpeg-js, which decodes them but hands out only their product.
 * Files of three components it hands out raw. So the file is read twice as one of three: each time one component is taken
 * off the frame header and its coefficients go where those of a twin (same sampling, same Huffman tables) are, which
 * spoils the twin and leaves the other two exact. Two pairs of twins give all four.
 */
import type { JpegComponent, JpegHeader } from "./jpeg-header.js";

/** Decodes a three-component file to raw interleaved samples, [H, W, 3]. */
type DecodeThree = (bytes: Uint8Array) => Uint8Array;

/** Raw samples, [H, W, 4], repeated to full size where subsampled; throws Error if the components form no two pairs. */
export function decodeFour(bytes: Uint8Array, header: JpegHeader, decodeThree: DecodeThree): Uint8Array {
  const scans = readScans(bytes);
  const samples = new Uint8Array(header.width * header.height * 4);
  for (const { spoilt, intact } of readings(header.components, scans)) {
    const three = decodeThree(withoutComponent(bytes, header, scans, spoilt));
    const kept = header.components.filter(({ id }) => id !== spoilt.removed);
    for (const id of intact) {
      let from = kept.findIndex((component) => component.id === id);
      let to = header.components.findIndex((component) => component.id === id);
      for (; to < samples.length; from += 3, to += 4) samples[to] = three[from]!;
    }
  }
  return samples;
}

/** A scan: where its header stands and its data ends, and which components use which tables. */
interface Scan {
  readonly start: number;
  readonly end: number;
  readonly selectors: readonly { readonly id: number; readonly tables: number }[];
}

function readScans(bytes: Uint8Array): Scan[] {
  const scans: Scan[] = [];
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff || marker === 0xff || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) {
      at++;
      continue;
    }
    if (marker === 0xd9) break;
    const start = at;
    at += 2 + Math.max(2, (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (marker !== 0xda) continue;
    const selectors = Array.from({ length: bytes[start + 4] ?? 0 }, (_, i) => ({
      id: bytes[start + 5 + 2 * i]!,
      tables: bytes[start + 6 + 2 * i]!,
    }));
    // the data runs to the next marker that is neither a stuffed byte nor a restart
    while (at + 1 < bytes.length && !(bytes[at] === 0xff && isMarker(bytes[at + 1]!))) at++;
    scans.push({ start, end: at, selectors });
  }
  return scans;
}

function isMarker(byte: number): boolean {
  return byte !== 0 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd7);
}

interface Spoilt {
  readonly removed: number;
  readonly twin: number;
}

/** Two readings that between them leave every component intact once. */
function readings(components: readonly JpegComponent[], scans: readonly Scan[]) {
  const areTwins = (a: JpegComponent, b: JpegComponent): boolean =>
    a.h === b.h &&
    a.v === b.v &&
    scans.every(({ selectors }) => {
      const tables = [a, b].map(({ id }) => selectors.find((selector) => selector.id === id)?.tables);
      return selectors.length === 1 || tables[0] === undefined || tables[1] === undefined || tables[0] === tables[1];
    });
  const [first, ...others] = components;
  for (const partner of others) {
    const [third, fourth] = others.filter((component) => component !== partner);
    if (!areTwins(first!, partner) || !areTwins(third!, fourth!)) continue;
    const pairs = [
      [first!.id, partner.id],
      [third!.id, fourth!.id],
    ] as const;
    return [
      { spoilt: { removed: pairs[0][1], twin: pairs[0][0] }, intact: pairs[1] },
      { spoilt: { removed: pairs[1][1], twin: pairs[1][0] }, intact: pairs[0] },
    ];
  }
  throw new Error("no two pairs of its four components share sampling factors and tables");
}

/** The file as one of three components; scans of the removed one alone are left out. */
function withoutComponent(
  bytes: Uint8Array,
  { frameOffset, components }: JpegHeader,
  scans: readonly Scan[],
  { removed, twin }: Spoilt,
): Uint8Array {
  const copy = new Uint8Array(bytes);
  const parts: Uint8Array[] = [];
  let from = 0;
  const cut = (start: number, end: number) => {
    parts.push(copy.subarray(from, start));
    from = end;
  };
  // frame header: marker, length (2), precision, height (2), width (2), count, then 3 bytes a component
  copy[frameOffset + 3]! -= 3;
  copy[frameOffset + 9] = components.length - 1;
  const entry = frameOffset + 10 + 3 * components.findIndex(({ id }) => id === removed);
  cut(entry, entry + 3);
  for (const { start, end, selectors } of scans) {
    if (selectors.length === 1 && selectors[0]!.id === removed) cut(start, end);
    selectors.forEach(({ id }, i) => {
      if (id === removed) copy[start + 5 + 2 * i] = twin;
    });
  }
  cut(bytes.length, bytes.length);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
