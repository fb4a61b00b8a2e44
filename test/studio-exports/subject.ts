/** A project with a small network that never trained, and pictures drawn by a rule, in the place of one that stands in a tab. */

import type { Image } from "../../src/data/codecs/image.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { readUPlot } from "../../src/report/page/uplot.js";
import { buildTakePage } from "../../studio/take-page/build-page.js";
import type { ExportSubject, Site, SubjectPicture } from "../../studio/worker/exports/index.js";
import settings from "../../vite.studio.config.js";
import { spreadModel } from "./network.js";

/** Text that tries to end what it stands in. */
export const hostile = `</script><script>alert("x")</script>`;
export const classes = [hostile, `it's "here" & there`, "$& plain"];

const [SIDE, RESIZE] = [48, 55];

/** Bands and a square whose colours and places follow from `n`. */
export function drawn(n: number, width = 96, height = 80): Image {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      const isIn = Math.abs(x - 20 - 7 * (n % 5)) < 14 && Math.abs(y - 40) < 10 + n;
      data[i] = isIn ? (90 * n) % 256 : (x * (n + 1)) % 256;
      data[i + 1] = isIn ? (150 + 40 * n) % 256 : (y * 3) % 256;
      data[i + 2] = isIn ? 255 - ((60 * n) % 256) : (x + y) % 256;
    }
  return { width, height, channels: 3, data };
}

export const pictures: readonly SubjectPicture[] = Array.from({ length: 12 }, (_, n) => ({
  name: `drawn/${n}.png`,
  class: n % classes.length,
  side: n % 2 === 0 ? "val" : "train",
  image: () => drawn(n),
}));

export async function subject(changes: Partial<ExportSubject> = {}): Promise<ExportSubject> {
  return {
    project: "my pets/2",
    model: await spreadModel(
      classes.length,
      pictures.map((_, n) => drawn(n)),
      SIDE,
      RESIZE,
    ),
    classes,
    images: { ...mobileoneS0Demo.images, evalSize: SIDE, evalResize: RESIZE },
    pixels: { decoder: "drawn", resize: "bilinear with antialias", keptSide: 256 },
    pictures,
    curve: [
      { stage: "head", index: 1, loss: 1.2, trainAccuracy: 0.5, valAccuracy: 0.5, pictures: 12, ms: 40 },
      { stage: "head", index: 2, loss: 0.7, trainAccuracy: 0.8, valAccuracy: 0.75, pictures: 12, ms: 40 },
    ],
    base: { name: "demo", model: "mobileone_s0", imageSize: SIDE, note: "clothes" },
    machine: "wasm, 1 thread",
    ...changes,
  };
}

/** What a worker asks its own address for. */
export const site: Site = { page: () => buildTakePage(settings.resolve!.alias!), uplot: readUPlot };
