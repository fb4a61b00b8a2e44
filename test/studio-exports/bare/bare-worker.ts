/** The exports as the studio's worker calls them, with a model from a file in the place of one that was trained. */
import { decodeModelFile, readImage, setBackend } from "tensorone";
import { wantedOf } from "../../../studio/worker/exports/check.js";
import { type ExportSubject, exportModel, siteBeside } from "../../../studio/worker/exports/index.js";
import { likeliestOf } from "../../../studio/worker/exports/look.js";
import type { BareAnswer, BareAsk } from "./messages.js";

async function answer({ format, model: file, pictures }: BareAsk): Promise<BareAnswer> {
  await setBackend("wasm", { threads: 1 });
  const { model, classes, info } = decodeModelFile(new Uint8Array(await file.arrayBuffer()), file.name);
  const subject: ExportSubject = {
    project: "samples",
    model,
    classes: classes!,
    images: info.images!,
    pixels: { decoder: "the browser's", resize: "bilinear with antialias", keptSide: null },
    pictures: pictures.map((one) => ({
      name: one.name,
      class: classes!.indexOf(one.name.split("-")[0]!),
      side: "val",
      image: () => readImage(one),
    })),
    curve: [{ stage: "head", index: 1, loss: 1, trainAccuracy: null, valAccuracy: 0.5, pictures: 40, ms: 80 }],
    base: null,
    machine: "wasm, 1 thread",
  };
  const wanted = await wantedOf(subject);
  return {
    exported: await exportModel(format, subject, siteBeside(self.location.href)),
    labels: wanted.scores.map((scores, i) => [wanted.pictures[i]!.name, classes![likeliestOf(scores)]!] as const),
  };
}

self.onmessage = async ({ data }: MessageEvent<BareAsk>) => {
  try {
    postMessage(await answer(data));
  } catch (error) {
    postMessage(error instanceof Error ? `${error.message}` : String(error));
  }
};
