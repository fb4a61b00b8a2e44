/**
 * Damaged pictures of the committed generator through three decoders: one verdict and, where the policy repaired a file, one picture to
 * the bit; OpenCV's for the seeds that its fixture has.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import type { Image } from "../../src/data/codecs/image.js";
import { jpegOddities } from "../../src/data/codecs/jpeg-verdict.js";
import { repositoryRoot } from "../paths.js";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { damagedPicture } from "./damage-pictures.js";
import { judge } from "./mutants/verdict.js";

/** Seeds of the fixture, which were asked of OpenCV. */
const FIRST_SEEDS = 300;
const SHORT_SEEDS = 30;
/** Levels by which jpeg-js differs from libjpeg-turbo on sound files. */
const MOST_LEVELS = 3;

type Verdict = readonly [width: number, height: number, sha256: string] | null;

const hashOf = ({ data }: Image): string => createHash("sha256").update(data).digest("hex");

/** The picture, "refused", or why the answer is a fault. */
async function answer(decoder: Decoder, bytes: Uint8Array): Promise<Image | "refused" | { readonly fault: string }> {
  try {
    return await decoder.decode(bytes.slice(), "damaged.jpg");
  } catch (error) {
    const verdict = judge(error);
    return verdict.kind === "fault" ? { fault: verdict.why } : "refused";
  }
}

function largestDifference(a: Image, b: Image): number {
  let most = a.width === b.width && a.height === b.height ? 0 : 256;
  if (most === 0) for (let i = 0; i < a.data.length; i++) most = Math.max(most, Math.abs(a.data[i]! - b.data[i]!));
  return most;
}

/** What is wrong with the answers to one file; null where nothing is. */
async function problemOf(bytes: Uint8Array, decoders: readonly Decoder[], opencv?: Verdict): Promise<string | null> {
  const answers = await Promise.all(decoders.map((decoder) => answer(decoder, bytes)));
  const images: Image[] = [];
  for (const [i, found] of answers.entries()) {
    const { name } = decoders[i]!;
    if (found !== "refused" && "fault" in found) return `${name}: ${found.fault}`;
    if ((found === "refused") !== (answers[0] === "refused"))
      return `${name} ${found === "refused" ? "refuses" : "takes"} it, ${decoders[0]!.name} does not`;
    if (opencv !== undefined && (found === "refused") !== (opencv === null)) return `${name} and OpenCV disagree`;
    if (found !== "refused") images.push(found);
  }
  if (images.length === 0) return null;
  const isPlain = jpegOddities(bytes, "damaged.jpg").length === 0;
  for (const [i, image] of images.entries()) {
    const { name } = decoders[i]!;
    const tolerance = name === "jpeg-js" && isPlain ? MOST_LEVELS : 0;
    const levels = largestDifference(image, images.at(-1)!);
    if (levels > tolerance) return `${name} differs by ${levels} levels`;
    if (opencv && tolerance === 0 && hashOf(image) !== opencv[2]) return `${name}: other pixels than OpenCV's`;
  }
  return null;
}

export const campaign: Campaign = {
  help: "damaged pictures of the committed generator through three decoders: one verdict, one picture, OpenCV's",
  share: 2,
  async run(context: SoakContext) {
    const { isShort, seed } = context;
    const tally = new Tally();
    const decoders = await Promise.all(decoderNames.map((name) => loadDecoder(name)));
    const fixture = join(repositoryRoot, "test", "golden", "data", "damaged.json");
    const { seeds } = JSON.parse(readFileSync(fixture, "utf8")) as { seeds: readonly { opencv: Verdict }[] };
    const known = { what: "seeds 0 to 299, beside OpenCV", trials: 0, failures: 0 };
    const other = { what: "other seeds", trials: 0, failures: 0 };
    // beyond the fixture: where a run begins follows from its seed
    const start = FIRST_SEEDS + 1_000_000 * seed;
    for (let i = 0; i < (isShort ? SHORT_SEEDS : Number.POSITIVE_INFINITY) && !isOver(context); i++) {
      const isKnown = i < FIRST_SEEDS;
      const picture = isKnown ? i : start + i - FIRST_SEEDS;
      const { base, kind, bytes } = damagedPicture(picture);
      const problem = await problemOf(bytes, decoders, isKnown ? seeds[picture]!.opencv : undefined);
      const count = isKnown ? known : other;
      count.trials++;
      if (problem === null) continue;
      count.failures++;
      tally.failures.push(`seed ${picture} (${base}, ${kind}): ${problem}`);
    }
    tally.counts.push(known, other);
    return tally.result();
  },
};
