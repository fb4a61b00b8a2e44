/** Pictures out of a zip, and nothing else of it: names are paths, sizes are bounded before anything is unpacked. */
import type { AsyncUnzipOptions, Unzipped } from "fflate";
import type { Found } from "./gather.js";

/** Of one picture, unpacked; a zip can claim much more than it holds. */
const MOST_BYTES = 200e6;
/** Of all of them together. */
const MOST_ALL = 2e9;

/** Throws with the zip's name where it is none. */
export async function unzipped(file: File): Promise<Found[]> {
  const { unzip } = await import("fflate");
  const bytes = new Uint8Array(await file.arrayBuffer());
  let all = 0;
  const options: AsyncUnzipOptions = {
    filter: ({ name, originalSize }) => {
      all += originalSize;
      return !name.endsWith("/") && originalSize <= MOST_BYTES && all <= MOST_ALL;
    },
  };
  const entries = await new Promise<Unzipped>((resolve, reject) =>
    unzip(bytes, options, (error, data) =>
      error ? reject(new Error(`${file.name}: no zip that can be read (${error.message})`)) : resolve(data),
    ),
  );
  return Object.entries(entries).map(([path, data]) => ({
    path: path.replaceAll("\\", "/"),
    file: new File([data as Uint8Array<ArrayBuffer>], path.split("/").at(-1)!),
  }));
}
