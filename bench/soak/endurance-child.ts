/**
 * The process that predicts again and again, by the built package as its users have it. Every tenth picture is damaged: errors must not
 * keep anything either.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classify, models, TensoroneError } from "tensorone/node";
import { repositoryRoot } from "../paths.js";
import type { EnduranceOrder, EnduranceReport } from "./endurance.js";
import { tiny } from "./tiny.js";

const LOOKS = 100;
const DAMAGED_OF = 10;

const { count, ms } = JSON.parse(process.argv[2]!) as EnduranceOrder;
const end = performance.now() + ms;
(models.variants as Record<string, unknown>).mobileone_tiny = tiny;
const model = models.createModel("mobileone_tiny", { numClasses: 10, seed: 0, deploy: true });
const images = join(repositoryRoot, "test", "golden", "data", "images");
const sound = ["s420.jpg", "rgb8.png", "exif6.jpg", "grey.jpg", "palette8.png"].map((name) =>
  readFileSync(join(images, name)),
);
const damaged = sound.map((bytes) => bytes.subarray(0, bytes.length / 2));

const rss: [number, number][] = [];
let [done, refused] = [0, 0];
for (; done < count && performance.now() < end; done++) {
  if (done % (count / LOOKS) === 0) {
    globalThis.gc?.();
    rss.push([done, process.memoryUsage.rss()]);
  }
  const picture = (done % DAMAGED_OF === 0 ? damaged : sound)[done % sound.length]!;
  try {
    await classify(model, picture, { imageSize: 32 });
  } catch (error) {
    if (!(error instanceof TensoroneError)) throw error;
    refused++;
  }
}
globalThis.gc?.();
rss.push([done, process.memoryUsage.rss()]);
process.send?.({ done, refused, rss } satisfies EnduranceReport, () => process.exit(0));
