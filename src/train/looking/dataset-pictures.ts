/** Pictures of a data set by their place in it, as they are: decoded and upright, not cut. Node only. */
import { type DecoderName, loadDecoder } from "../../data/codecs/decoder.js";
import type { Image } from "../../data/codecs/image.js";
import { PictureFiles, sourceName } from "../../data/sets/picture-source.js";
import type { Sample } from "../../data/sets/sample.js";

/** In the order of `places`. Throws DataError naming a picture that cannot be read. */
export async function datasetPictures(
  dataset: { readonly samples: readonly Sample[] },
  places: readonly number[],
  decoderName?: DecoderName,
): Promise<Image[]> {
  const decoder = await loadDecoder(decoderName);
  const files = new PictureFiles();
  try {
    const images: Image[] = [];
    for (const place of places) {
      const sample = dataset.samples[place]!;
      images.push(await decoder.decode(files.bytesOf(sample), sourceName(sample)));
    }
    return images;
  } finally {
    files.close();
  }
}
