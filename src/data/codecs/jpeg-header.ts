/**
 * A scan of a JPEG's markers up to its frame header: size, precision, sampling, colour markers and EXIF orientation.
 * It decodes nothing; it tells the decoder what the pixels mean and refuses coding processes that cannot be read.
 * Marker layouts: ITU-T T.81 annex B; APP14 as Adobe's technical note 5116; EXIF as CIPA DC-008 (TIFF 6.0 directories).
 */
import { readOrientation } from "./exif.js";

/** One colour component: its identifier and its sampling factors. */
export interface JpegComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
}

/** What the markers before the first scan say. */
export interface JpegHeader {
  /** Low byte of the start-of-frame marker: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, others unsupported. */
  readonly frameMarker: number;
  /** Where the start-of-frame marker stands in the file. */
  readonly frameOffset: number;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  readonly hasJfif: boolean;
  /** Colour transform byte of the Adobe APP14 marker and where it is in the file, if there is one. */
  readonly adobe: { readonly transform: number; readonly offset: number } | undefined;
  /** EXIF orientation 1 to 8; 1 where EXIF is missing or damaged. */
  readonly orientation: number;
}

/** Reads the markers before the image data; undefined if the file ends first or has no complete frame header by then. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  let hasJfif = false;
  let adobe: JpegHeader["adobe"];
  let orientation: number | undefined;
  let frame: (FrameFields & Pick<JpegHeader, "frameMarker" | "frameOffset">) | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (isStandalone(marker)) {
      at += 2;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) break;
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const segment = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xe0 && segment.length >= 14 && startsWith(segment, "JFIF\0")) hasJfif = true;
    if (marker === 0xe1 && startsWith(segment, "Exif\0")) orientation ??= readOrientation(segment.subarray(6));
    if (marker === 0xee && segment.length >= 12 && startsWith(segment, "Adobe")) {
      adobe = { transform: segment[11]!, offset: at + 4 + 11 };
    }
    if (isFrame(marker)) {
      const fields = readFrame(segment);
      if (fields === undefined || frame !== undefined) return undefined;
      frame = { frameMarker: marker, frameOffset: at, ...fields };
    }
    at += 2 + Math.max(2, length);
  }
  return frame && { ...frame, hasJfif, adobe, orientation: orientation ?? 1 };
}

function isStandalone(marker: number): boolean {
  return (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
}

/** SOF markers are C0 to CF without DHT (C4), JPG (C8) and DAC (CC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

type FrameFields = Pick<JpegHeader, "precision" | "width" | "height" | "components">;

function readFrame(segment: Uint8Array): FrameFields | undefined {
  const count = segment[5] ?? 0;
  if (segment.length < 6 + 3 * count) return undefined;
  const components = Array.from({ length: count }, (_, i) => ({
    id: segment[6 + 3 * i]!,
    h: segment[7 + 3 * i]! >> 4,
    v: segment[7 + 3 * i]! & 15,
  }));
  const height = (segment[1]! << 8) | segment[2]!;
  const width = (segment[3]! << 8) | segment[4]!;
  return { precision: segment[0]!, width, height, components };
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
