/** Pictures: JPEG by each decoder, PNG, and what package sharp reads beside them. */
import sharp from "sharp";
import { type DecoderName, loadDecoder } from "../../../../src/data/codecs/decoder.js";
import { crc32 } from "../../../../src/util/crc32.js";
import { goldenFile, goldenFiles, type Subject } from "./subject.js";

const jpegWords: readonly (readonly number[])[] = [
  ...[
    [0xff, 0xd8],
    [0xff, 0xd9],
    [0xff, 0xc0],
    [0xff, 0xc2],
    [0xff, 0xc4],
    [0xff, 0xdb],
    [0xff, 0xda],
    [0xff, 0xdd],
    [0xff, 0xee],
  ],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [0xff, 0xd0 + n]),
  ...[
    [0xff, 0],
    [0xff, 0xff],
    [0xff, 0xe1, 0, 8, 0x45, 0x78, 0x69, 0x66, 0, 0],
    [0xff, 0xdd, 0, 4, 0, 1],
    [0x49, 0x49, 0x2a, 0],
  ],
];
const pngWords = ["IHDR", "IDAT", "IEND", "PLTE", "tRNS", "eXIf", "acTL", "fdAT", "iCCP", "\0\0\0\0IEND"];

const SIGNATURE_BYTES = 8;
/** Length, type and checksum. */
const CHUNK_FRAME_BYTES = 12;

/** Small enough that a decoder makes a thousand of them in a second. */
const MAX_SEED_BYTES = 4000;

const jpegs = (): Uint8Array[] =>
  [...goldenFiles("data/images", /^[^b].*\.jpg$/), ...goldenFiles("data/codecs", /^[^b].*\.jpg$/)].filter(
    ({ length }) => length > 0 && length <= MAX_SEED_BYTES,
  );

const decodedBy = (
  name: DecoderName,
  words: Subject["words"],
  seeds: () => Promise<readonly Uint8Array[]>,
): Subject => ({
  words,
  async prepare() {
    const decoder = await loadDecoder(name);
    return { seeds: await seeds(), read: (bytes) => decoder.decode(bytes, "mutant.jpg") };
  },
});

const jpegBy = (name: DecoderName): Subject => decodedBy(name, jpegWords, async () => jpegs());

/** A small photograph in another format. */
const converted = (format: "webp" | "gif" | "tiff" | "avif"): Subject =>
  decodedBy(
    "sharp",
    ["RIFF", "VP8 ", "VP8L", "VP8X", "ALPH", "GIF89a", "ftypavif", "meta", "iloc", [0x49, 0x49, 0x2a, 0]],
    async () => {
      const source = goldenFile("data", "images", "s420.jpg");
      const other = goldenFile("data", "images", "palette-alpha.png");
      return Promise.all(
        [source, other].map(async (bytes) => new Uint8Array(await sharp(bytes).resize(24).toFormat(format).toBuffer())),
      );
    },
  );

/** A PNG whose chunks have the checksums that their damaged contents need. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= copy.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > copy.length) break;
    view.setUint32(end, crc32(copy.subarray(at + 4, end)));
    at = end + 4;
  }
  return copy;
}

const pngs = async (): Promise<Uint8Array[]> => [
  ...goldenFiles("data/images", /^[^b].*[^d]\.png$/),
  ...goldenFiles("data/codecs", /^[^b].*\d\.png$/),
];

export const pictureSubjects = {
  "JPEG by jpeg-js": jpegBy("jpeg-js"),
  "JPEG by libjpeg-turbo": jpegBy("libjpeg-turbo"),
  "JPEG by sharp": jpegBy("sharp"),
  PNG: decodedBy("jpeg-js", pngWords, pngs),
  "PNG, checksums made anew": {
    words: pngWords,
    async prepare() {
      const { decode } = await loadDecoder("jpeg-js");
      return { seeds: await pngs(), read: (bytes) => decode(withChecksums(bytes), "mutant.png") };
    },
  },
  WebP: converted("webp"),
  GIF: converted("gif"),
  TIFF: converted("tiff"),
  AVIF: converted("avif"),
} as const satisfies { readonly [name: string]: Subject };
