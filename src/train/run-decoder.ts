/**
 * Who decodes the pictures of a run. Rank 0 decides, and pixels are the same for all: as asked, else as in the checkpoint that
 * the run goes on from, else as this machine does it best.
 */
import { join } from "node:path";
import { type DecoderName, haveSamePixels, loadDecoder, loadDecoderLike } from "../data/codecs/decoder.js";
import { readRunToResume } from "./checkpoints/checkpoint.js";
import type { CheckpointFile } from "./checkpoints/checkpoint-format.js";
import { broadcastJson } from "./replicas/agreement.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import type { TrainOptions } from "./run-options.js";

/** What runs decoded by before their checkpoints said so. */
const FORMER_DEFAULT: DecoderName = "jpeg-js";

type Choice = Pick<TrainOptions, "decoder" | "resume" | "out">;

/** The decoder of this process, ready to be loaded. Throws DataError where its package is missing, and any other like it. */
export async function chooseDecoder(choice: Choice, group: ProcessGroup): Promise<DecoderName> {
  const wanted = await broadcastJson(group, group.rank === 0 ? await wantedDecoder(choice) : null);
  return (await loadDecoderLike(wanted!)).name;
}

async function wantedDecoder({ decoder, resume, out }: Choice): Promise<DecoderName> {
  if (decoder !== undefined) return (await loadDecoder(decoder)).name;
  const file = resume === undefined ? null : await readRunToResume(join(out, "checkpoints"), resume);
  return file ? (file.decoder ?? FORMER_DEFAULT) : (await loadDecoder()).name;
}

/** A line on another decoder than the checkpoint's; null where it is the same, or where the checkpoint does not say. */
export function compareDecoders({ decoder: was }: Pick<CheckpointFile, "decoder">, is: DecoderName): string | null {
  if (was === undefined || was === is) return null;
  const effect = haveSamePixels(was, is) ? "its pixels are the same" : "the run goes on with other bits";
  return `decoder was ${was}, is ${is}: ${effect}`;
}
