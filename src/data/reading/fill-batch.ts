/**
 * The pictures of a batch into its memory: in slices that threads share, and without those that cannot be used.
 */
import type { PictureSource } from "../sets/picture-source.js";
import type { Sample } from "../sets/sample.js";
import type { Transform } from "../transforms/index.js";
import { type BadPicturePolicy, type BadPictures, PictureError } from "./bad-pictures.js";
import type { ReadJob, ReadResult } from "./sample-reader.js";

/** A batch on its way. */
export interface BatchRead {
  /** [size] indices into the data set; those of replaced pictures change. */
  readonly indices: Uint32Array;
  readonly seeds: readonly number[];
  readonly transform: Transform;
  readonly buffer: Uint8Array;
  readonly sampleBytes: number;
}

/** Where the pictures come from, and who reads them. */
export interface BatchSources {
  readonly samples: readonly Sample[];
  readonly policy: BadPicturePolicy;
  readonly bad: BadPictures;
  /** Samples of a job, at most. */
  readonly mostInSlice: number;
  readonly readAll: (jobs: readonly ReadJob[]) => Promise<readonly ReadResult[]>;
}

const sourceOf = ({ path, entry }: Sample): PictureSource => (entry ? { path, entry } : { path });

/** Runs of neighbouring places, each of at most `most`: a job's pictures lie side by side. */
function slicesOf(places: readonly number[], most: number): number[][] {
  const slices: number[][] = [];
  for (const place of places) {
    const last = slices.at(-1);
    if (last && last.length < most && last.at(-1) === place - 1) last.push(place);
    else slices.push([place]);
  }
  return slices;
}

/** Reads every picture into its place; throws PictureError for the first bad one where it is to stop. How many stand there at the end, side by side, and the milliseconds of all threads. */
export async function fillBatch(read: BatchRead, sources: BatchSources): Promise<{ size: number; ms: number }> {
  const { indices, seeds, transform, buffer, sampleBytes } = read;
  const { samples, policy, bad, mostInSlice, readAll } = sources;
  let ms = 0;
  let places = Array.from(indices, (_, i) => i);
  while (places.length > 0) {
    if (policy === "replace") for (const place of places) indices[place] = bad.nextGood(indices[place]!);
    else places = places.filter((place) => !bad.has(indices[place]!));
    const slices = slicesOf(places, mostInSlice);
    const results = await readAll(
      slices.map((slice) => ({
        sources: slice.map((place) => sourceOf(samples[indices[place]!]!)),
        seeds: slice.map((place) => seeds[place]!),
        transform,
        into: buffer.subarray(slice[0]! * sampleBytes, (slice.at(-1)! + 1) * sampleBytes),
        isLenient: true,
      })),
    );
    const [first] = results.flatMap((result) => result.bad);
    if (first && policy === "stop") throw new PictureError(first.message, first.hint);
    places = results.flatMap((result, i) => {
      ms += result.ms;
      return result.bad.map((problem) => {
        const place = slices[i]![problem.at]!;
        bad.add(indices[place]!, problem);
        return place;
      });
    });
  }
  return { size: policy === "leaveOut" ? compact(read, bad) : indices.length, ms };
}

/** Moves what was read together, over the places of bad pictures; how many there are. */
function compact({ indices, buffer, sampleBytes }: BatchRead, bad: BadPictures): number {
  let size = 0;
  for (let i = 0; i < indices.length; i++) {
    if (bad.has(indices[i]!)) continue;
    if (size < i) buffer.copyWithin(size * sampleBytes, i * sampleBytes, (i + 1) * sampleBytes);
    indices[size++] = indices[i]!;
  }
  return size;
}
