/**
 * The four raw components of a CMYK or YCCK JPEG out of jpeg-js, which decodes them but hands out only their product.
 * Files of three components it hands out raw. So the file is read twice as one of three: each time one component is taken
 * off the frame header and its coefficients go where those of a twin (same sampling, same Huffman tables) are, which
 * spoils the twin and leaves the other two exact. Two pairs of twins give all four: every encoder in use shares tables so.
 */
import { join } from "./join.js";
import type { JpegComponent, JpegHeader } from "./jpeg-header.js";

/** Decodes a three-component file to raw interleaved samples, [H, W, 3]. */
type DecodeThree = (bytes: Uint8Array) => Uint8Array;

/** Raw samples, [H, W, 4], repeated to full size where subsampled; throws Error if they have too few twins. */
export function decodeFour(bytes: Uint8Array, header: JpegHeader, decodeThree: DecodeThree): Uint8Array {
  const scans = readScans(bytes);
  const samples = new Uint8Array(header.width * header.height * 4);
  for (const pair of readings(header.components, scans)) {
    const three = decodeThree(withoutComponent(bytes, header, scans, pair));
    const kept = header.components.filter(({ id }) => id !== pair.removed);
    kept.forEach(({ id }, channel) => {
      if (id === pair.twin) return;
      let to = header.components.findIndex((component) => component.id === id);
      for (let from = channel; to < samples.length; from += 3, to += 4) samples[to] = three[from]!;
    });
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

/** Two components of which one is removed and the other, its twin, spoilt. */
interface Pair {
  readonly removed: number;
  readonly twin: number;
}

/** Pairs to read without, so that every component is in none of them once; throws Error if there are not enough twins. */
function readings(components: readonly JpegComponent[], scans: readonly Scan[]): Pair[] {
  const pairs = components.flatMap((twin, i) =>
    components
      .slice(i + 1)
      .filter((removed) => areTwins(twin, removed, scans))
      .map((removed) => ({ removed: removed.id, twin: twin.id })),
  );
  const chosen: Pair[] = [];
  const missing = new Set(components.map(({ id }) => id));
  while (missing.size > 0) {
    const gain = ({ removed, twin }: Pair) => missing.size - Number(missing.has(removed)) - Number(missing.has(twin));
    const best = pairs.reduce<Pair | undefined>((a, b) => (a && gain(a) >= gain(b) ? a : b), undefined);
    if (best === undefined || gain(best) === 0)
      throw new Error("its four components share no tables or sampling factors");
    chosen.push(best);
    for (const id of [...missing]) if (id !== best.removed && id !== best.twin) missing.delete(id);
  }
  return chosen;
}

/** Whether two components' blocks can be read one for the other, in every scan that holds both. */
function areTwins(a: JpegComponent, b: JpegComponent, scans: readonly Scan[]): boolean {
  if (a.h !== b.h || a.v !== b.v) return false;
  return scans.every(({ selectors }) => {
    const [first, second] = [a, b].map(({ id }) => selectors.find((selector) => selector.id === id)?.tables);
    return first === undefined || second === undefined || first === second;
  });
}

/** The file as one of three components; scans of the removed one alone are left out. */
function withoutComponent(
  bytes: Uint8Array,
  { frameOffset, components }: JpegHeader,
  scans: readonly Scan[],
  { removed, twin }: Pair,
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
  return join(parts);
}
