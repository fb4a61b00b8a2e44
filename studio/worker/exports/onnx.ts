/** `.onnx` that takes bytes and normalises them itself, as `export --preprocess` writes it. */
import { decodeOnnx, imagenetMean, imagenetStd, io, models } from "tensorone";
import type { Exported } from "../../protocol.js";
import { agreementOf, type Wanted, wantedOf } from "./check.js";
import { certificateWords, withFolded } from "./fold.js";
import type { Asked } from "./look.js";
import { type ExportSubject, fileName } from "./subject.js";

/** What the metadata of our files says of pictures. */
interface Steps {
  readonly resizeShortSide: number;
  readonly centerCrop: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The bytes decoded, the graph run node by node on this engine, pictures prepared as the file's metadata says. Throws OnnxError. */
export async function checkOnnx(bytes: Uint8Array, wanted: Wanted) {
  const { metadata, input, run } = decodeOnnx(bytes);
  const { resizeShortSide, centerCrop, mean, std } = JSON.parse(metadata.preprocessing ?? "{}") as Steps;
  const asked: Asked = {
    classes: JSON.parse(metadata.classes ?? "[]") as string[],
    imageSize: centerCrop,
    resizeSize: resizeShortSide,
    normalization: input === "uint8" ? null : { mean, std },
    run,
  };
  return agreementOf(
    wanted,
    asked,
    "The file's bytes were decoded and its graph run node by node, at the size its metadata names.",
  );
}

export async function exportOnnx(subject: ExportSubject): Promise<Exported> {
  const { classes, images, pixels } = subject;
  const wanted = await wantedOf(subject);
  return withFolded(subject, async ({ model, certificate }) => {
    const file = await io.encodeOnnx(model, {
      preprocessing: {
        imageSize: images.evalSize,
        resize: images.evalResize,
        mean: imagenetMean,
        std: imagenetStd,
      },
      normalizes: true,
      classes,
      name: models.nameOf(model),
      about: { pixels: JSON.stringify(pixels) },
    });
    const bytes = file.bytes as Uint8Array<ArrayBuffer>;
    return {
      name: fileName(subject.project, ".onnx"),
      type: "application/octet-stream",
      bytes,
      agreement: await checkOnnx(bytes, wanted),
      certificate: certificateWords(certificate),
    };
  });
}
