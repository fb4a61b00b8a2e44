/**
 * One name for both loaders in Node: pictures in files, decoded by threads (loader.ts), and any other data set (sample-loader.ts).
 */

import type { MapDataset } from "../sets/map-dataset.js";
import type { Sample } from "../sets/sample.js";
import type { Collated } from "./collate.js";
import { type DataLoaderOptions, DataLoader as PictureLoader } from "./loader.js";
import { DataLoader as SampleLoader, type SampleLoaderOptions } from "./sample-loader.js";

/** Which loader it is follows from the data set. */
export interface DataLoaderConstructor {
  /** Pictures in files: batches of their pixels, decoded by threads. */
  new (dataset: { readonly samples: readonly Sample[] }, options: DataLoaderOptions): PictureLoader;
  /** Any other set: collated samples, made in this thread. */
  new <S, B = Collated<S>>(dataset: MapDataset<S>, options?: SampleLoaderOptions<S, B>): SampleLoader<S, B>;
}

/**
 * Iterates over a data set in batches: of openDataset() decoded by threads, of any set { length, get } as the main entry's
 * DataLoader. Throws DataError for options that do not fit.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * import { DataLoader, openDataset, trainTransform } from "tensorone/node";
 * const dataset = openDataset("imagenet", "train");
 * const loader = new DataLoader(dataset, { batchSize: 2, transform: trainTransform({ imageSize: 32 }), shuffle: true });
 * for await (const { images, labels } of loader.epoch(0)) console.log(images.length, labels);
 * await loader.close();
 * ```
 */
export const DataLoader = new Proxy(PictureLoader, {
  construct: (_, [dataset, options]) =>
    "samples" in dataset ? new PictureLoader(dataset, options) : new SampleLoader(dataset, options),
}) as unknown as DataLoaderConstructor;
/** The loader of a set of files, or with its samples and batches named, that of any other set. */
export type DataLoader<S = never, B = Collated<S>> = [S] extends [never] ? PictureLoader : SampleLoader<S, B>;
