/**
 * Pictures to calibrate a quantisation with: some of a data set's training pictures, evenly spread over it, as a model sees them in
 * evaluation. The same set gives the same pictures. Node only.
 */
import type { DecoderName } from "../data/codecs/decoder.js";
import { SampleReader } from "../data/reading/sample-reader.js";
import { type DataSource, openDataset } from "../data/sets/dataset.js";
import { evalTransform } from "../data/transforms/index.js";
import { normalizeInto } from "../data/transforms/normalize.js";
import type { Pictures } from "../models/quantize/index.js";

/** Which pictures, and at what size the model sees them. */
export interface CalibrationOptions {
  readonly imageSize: number;
  /** Short side before the crop. */
  readonly resizeSize: number;
  /** How many pictures, or all where there are fewer. Default 100. */
  readonly count?: number;
  readonly decoder?: DecoderName;
}

/** Throws DataError for a data set, or a picture of it, that cannot be used. */
export async function calibrationPictures(
  data: DataSource,
  { imageSize, resizeSize, count = 100, decoder }: CalibrationOptions,
): Promise<Pictures> {
  const { samples } = openDataset(data, "train");
  const wanted = Math.min(count, samples.length);
  const sources = Array.from({ length: wanted }, (_, i) => samples[Math.floor((i * samples.length) / wanted)]!);
  const into = new Uint8Array(wanted * imageSize ** 2 * 3);
  const reader = new SampleReader(decoder === undefined ? {} : { decoder });
  try {
    const transform = evalTransform({ imageSize, resizeSize });
    await reader.read({ sources, seeds: sources.map(() => 0), transform, into });
  } finally {
    reader.close();
  }
  return { values: normalizeInto(into, new Float32Array(into.length)), shape: [wanted, imageSize, imageSize, 3] };
}
