/** Damaged pictures against what OpenCV makes of them: the fixture, and a comparison of all decoders with it. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { damagedPicture } from "../../bench/soak/damage-pictures.js";
import { type Decoder, decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import type { Image } from "../../src/data/codecs/image.js";
import { jpegOddities } from "../../src/data/codecs/jpeg-verdict.js";
import { DataError } from "../../src/util/errors.js";
import { difference, readFixture } from "./fixtures.js";

/** Width, height and SHA-256 of RGB; null where OpenCV reads nothing. */
type Verdict = readonly [width: number, height: number, sha256: string] | null;

export const damaged = JSON.parse(Buffer.from(readFixture("damaged.json")).toString()) as {
  readonly cases: { readonly [file: string]: Verdict };
  readonly seeds: readonly { readonly file: string; readonly opencv: Verdict }[];
};

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const decoders = await Promise.all(decoderNames.map((name) => loadDecoder(name)));

const imageOf = async (decoder: Decoder, bytes: Uint8Array, path: string): Promise<Image | DataError> => {
  try {
    return await decoder.decode(bytes, path);
  } catch (cause) {
    if (cause instanceof DataError) return cause;
    throw cause;
  }
};

/** What is odd about a file, or that it is refused; every decoder gives OpenCV's verdict and its pixels, jpeg-js within 3 of a plain file's. */
export async function expectOpenCv(
  bytes: Uint8Array,
  path: string,
  opencv: Verdict,
): Promise<readonly string[] | "refused"> {
  let sound: Image | null = null;
  // sharp and libjpeg-turbo first: their pixels are what jpeg-js is held to
  for (const decoder of [...decoders].reverse()) {
    const image = await imageOf(decoder, bytes, path);
    const where = `${path} by ${decoder.name}`;
    if (opencv === null) {
      expect(image, where).toBeInstanceOf(DataError);
      expect((image as DataError).summary, where).toContain(path);
      continue;
    }
    if (image instanceof DataError) throw new Error(`${where}: ${image.message}`);
    const [width, height, pixels] = opencv;
    expect([image.width, image.height], where).toEqual([width, height]);
    const isPlain = jpegOddities(bytes, path).length === 0;
    if (decoder.name === "jpeg-js" && isPlain) expect(difference(image, sound!).max, where).toBeLessThanOrEqual(3);
    else expect(sha256(image.data), where).toBe(pixels);
    sound = image;
  }
  return opencv === null ? "refused" : jpegOddities(bytes, path);
}

/** The seeds from `first` on, `count` of them; gives how many were plain, odd and refused. */
export async function expectSeeds(
  first: number,
  count: number,
): Promise<{ plain: number; odd: number; refused: number }> {
  const counts = { plain: 0, odd: 0, refused: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const { base, kind, bytes } = damagedPicture(seed);
    const { file, opencv } = damaged.seeds[seed]!;
    const path = `${seed}.jpg (${base}, ${kind})`;
    expect(sha256(bytes), `${path}: make the fixture anew where the generator changed`).toBe(file);
    const odd = await expectOpenCv(bytes, path, opencv);
    if (odd === "refused") counts.refused++;
    else if (odd.length === 0) counts.plain++;
    else counts.odd++;
  }
  return counts;
}
