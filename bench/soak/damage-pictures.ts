/**
 * Damaged JPEGs, the same for a seed for ever: sound pictures of this repository, of every sampling, coding and colour, spoilt in one
 * of the ways that disks, networks, cameras and cut-off downloads spoil them. The study of decoders and the soak run take them from here.
 */
import { readFileSync } from "node:fs";

/** A damaged file and how it came about. */
export interface DamagedPicture {
  readonly base: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

const root = new URL("../../", import.meta.url);
/** build/bench/soak and bench/soak alike. */
const repository = root.pathname.endsWith("/build/") ? new URL("../", root) : root;

/** Files under test/golden/data, and a photograph. */
const bases = [
  ...["s420", "s422", "s440", "s444", "s410", "s411", "grey", "rgb", "restart", "progressive", "cmyk", "ycck"],
  ...["odd17x9", "odd33x31", "exif6"],
].map((name) => `test/golden/data/images/${name}.jpg`);
const others = [
  ...["cmyk-progressive", "non-interleaved-420", "progressive-440", "progressive-grey", "quality1-420"],
  ...["quality100-420", "restart-444-rows", "restart-non-interleaved-420", "restart-progressive-422", "fill-bytes"],
  ...["chroma-larger", "rgb-subsampled"],
].map((name) => `test/golden/data/codecs/${name}.jpg`);
const files = [...bases, ...others, "bench/fixtures/photo.jpg"];

/** Whole numbers below a bound, from a seed: the mixing of splitmix32. */
export function drawer(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % bound;
  };
}

type Draw = (bound: number) => number;
type Damage = (file: Uint8Array, draw: Draw) => Uint8Array;

const splice = (file: Uint8Array, at: number, removed: number, put: ArrayLike<number> = []): Uint8Array =>
  Uint8Array.from([...file.subarray(0, at), ...Array.from(put), ...file.subarray(at + removed)]);

interface Segment {
  readonly marker: number;
  readonly at: number;
  readonly end: number;
}

/** Segments with their markers; image data belongs to none. */
function segmentsOf(file: Uint8Array): Segment[] {
  const found: Segment[] = [];
  for (let at = 2; at + 4 <= file.length; ) {
    const marker = file[at + 1]!;
    if (file[at] !== 0xff || marker < 0xc0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd9)) at++;
    else {
      const end = at + 2 + ((file[at + 2]! << 8) | file[at + 3]!);
      found.push({ marker, at, end });
      at = end;
    }
  }
  return found;
}

const dataStart = (file: Uint8Array): number => segmentsOf(file).find(({ marker }) => marker === 0xda)?.end ?? 2;
const inData = (file: Uint8Array, draw: Draw): number => {
  const start = dataStart(file);
  return start + draw(Math.max(1, file.length - start));
};
const frameAt = (file: Uint8Array): number =>
  segmentsOf(file).find(({ marker }) => marker >= 0xc0 && marker <= 0xc2)?.at ?? 2;
const pick = <T>(list: readonly T[], draw: Draw): T | undefined => list[draw(Math.max(1, list.length))];

/** Restart markers in image data. */
function restartsOf(file: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = dataStart(file); at + 1 < file.length; at++)
    if (file[at] === 0xff && file[at + 1]! >= 0xd0 && file[at + 1]! <= 0xd7) found.push(at);
  return found;
}

const damages: Readonly<Record<string, Damage>> = {
  "bits flipped in the image data": (file, draw) => {
    for (let i = 1 + draw(6); i > 0; i--) file[inData(file, draw)]! ^= 1 << draw(8);
    return file;
  },
  "bits flipped anywhere": (file, draw) => {
    for (let i = 1 + draw(3); i > 0; i--) file[draw(file.length)]! ^= 1 << draw(8);
    return file;
  },
  "bytes replaced": (file, draw) => {
    const at = inData(file, draw);
    return splice(
      file,
      at,
      1 + draw(32),
      Array.from({ length: draw(48) }, () => draw(256)),
    );
  },
  "cut off": (file, draw) => file.slice(0, Math.max(4, inData(file, draw))),
  "end marker cut off": (file, draw) => file.slice(0, file.length - 1 - draw(3)),
  "a stretch of zeros": (file, draw) => {
    const at = inData(file, draw);
    return file.fill(0, at, at + 1 + draw(512));
  },
  "zeros between markers": (file, draw) => {
    const segment = pick(segmentsOf(file), draw);
    return segment ? splice(file, draw(2) === 0 ? segment.at : segment.end, 0, new Uint8Array(1 + draw(4))) : file;
  },
  "a restart marker renumbered": (file, draw) => {
    const at = pick(restartsOf(file), draw);
    if (at !== undefined) file[at + 1] = 0xd0 + draw(8);
    return file;
  },
  "a restart marker removed": (file, draw) => {
    const at = pick(restartsOf(file), draw);
    return at === undefined ? file : splice(file, at, 2);
  },
  "data before a restart marker": (file, draw) => {
    const at = pick(restartsOf(file), draw) ?? file.length - 2;
    return splice(
      file,
      at,
      0,
      Array.from({ length: 1 + draw(12) }, () => draw(255)),
    );
  },
  "a marker put in": (file, draw) =>
    splice(file, inData(file, draw), draw(3), [0xff, pick([0xd0 + draw(8), 0xd9, 0xc0 + draw(63), 0x01], draw)!]),
  "fill bytes": (file, draw) => {
    const places = [...segmentsOf(file).map(({ at }) => at), ...restartsOf(file), file.length - 2];
    return splice(file, pick(places, draw)!, 0, new Uint8Array(1 + draw(3)).fill(0xff));
  },
  "a segment removed": (file, draw) => {
    const segment = pick(segmentsOf(file), draw);
    return segment ? splice(file, segment.at, segment.end - segment.at) : file;
  },
  "a segment moved or repeated": (file, draw) => {
    const segments = segmentsOf(file);
    const segment = pick(segments, draw);
    const to = pick(segments, draw);
    if (!segment || !to) return file;
    return splice(file, to.at, 0, file.slice(segment.at, segment.end));
  },
  "tables removed": (file, draw) => {
    const marker = draw(4) === 0 ? 0xdb : 0xc4;
    return segmentsOf(file)
      .filter((segment) => segment.marker === marker)
      .reverse()
      .reduce((left, { at, end }) => splice(left, at, end - at), file);
  },
  "another height or width": (file, draw) => {
    const at = frameAt(file) + 5 + 2 * draw(2);
    const size = (file[at]! << 8) | file[at + 1]!;
    const other = pick([size * 2, size + 1 + draw(40), Math.max(1, size - 1 - draw(size)), size >> 1 || 1], draw)!;
    file[at] = other >> 8;
    file[at + 1] = other & 255;
    return file;
  },
  "another restart interval": (file, draw) => {
    const segments = segmentsOf(file);
    const own = segments.find(({ marker }) => marker === 0xdd);
    const interval = [0xff, 0xdd, 0, 4, 0, draw(12)];
    const scan = segments.find(({ marker }) => marker === 0xda)!;
    return own ? splice(file, own.at, 6, interval) : splice(file, scan.at, 0, interval);
  },
  "two pictures in one file": (file, draw) => {
    const behind = file.slice(draw(3) === 0 ? 0 : draw(file.length));
    return splice(file.slice(0, file.length - (draw(2) === 0 ? 2 : 0)), Infinity, 0, behind);
  },
  "a segment's length changed": (file, draw) => {
    const segment = pick(segmentsOf(file), draw);
    if (segment) file[segment.at + 3]! += 1 + draw(4) - (draw(2) === 0 ? 5 : 0);
    return file;
  },
  "a scan header changed": (file, draw) => {
    const scan = pick(
      segmentsOf(file).filter(({ marker }) => marker === 0xda),
      draw,
    );
    if (scan) file[scan.at + 4 + draw(scan.end - scan.at - 4)]! ^= 1 << draw(8);
    return file;
  },
  "scans removed": (file, draw) => {
    const scans = segmentsOf(file).filter(({ marker }) => marker === 0xda);
    const first = 1 + draw(Math.max(1, scans.length - 1));
    const from = scans[first]?.at;
    return from === undefined ? file : splice(file, from, (scans[first + 1]?.at ?? file.length - 2) - from);
  },
};

const kinds = Object.keys(damages);
const kept = new Map<string, Uint8Array>();

/** The picture of a seed: kinds take turns, so that any 21 seeds in a row have each once. */
export function damagedPicture(seed: number): DamagedPicture {
  const draw = drawer(seed);
  const kind = kinds[seed % kinds.length]!;
  const base = files[draw(files.length)]!;
  const sound = kept.get(base) ?? new Uint8Array(readFileSync(new URL(base, repository)));
  kept.set(base, sound);
  return { base, kind, bytes: damages[kind]!(Uint8Array.from(sound), draw) };
}
