/** `.safetensors` as the command line writes it, with how the tab's pictures became pixels. */
import { decodeModelFile, encodeModelFile, imagenetMean, imagenetStd } from "tensorone";
import type { Exported } from "../../protocol.js";
import { agreementOf, type Wanted, wantedOf } from "./check.js";
import { certificateWords, withFolded } from "./fold.js";
import type { Asked } from "./look.js";
import { type ExportSubject, fileName } from "./subject.js";

/** The deploy form as the bytes of a file. */
export const weightsOf = ({ classes, images, pixels }: ExportSubject, model: ExportSubject["model"]) =>
  encodeModelFile(model, { recipe: { images }, classes, pixels }, { where: "export" });

/** The bytes, read as any program of the library reads them, and asked. Throws CheckpointError for bytes that are no model. */
export async function checkSafetensors(bytes: Uint8Array, wanted: Wanted) {
  const { model, classes, info } = decodeModelFile(bytes, "the exported file");
  try {
    const { evalSize, evalResize } = info.images ?? { evalSize: 0, evalResize: 0 };
    const asked: Asked = {
      classes: classes ?? [],
      imageSize: evalSize,
      resizeSize: evalResize,
      normalization: { mean: imagenetMean, std: imagenetStd },
      run: (x) => model.forward(x),
    };
    return await agreementOf(
      wanted,
      asked,
      "The file's bytes were read back and its model asked, at the size it names.",
    );
  } finally {
    model.dispose();
  }
}

export async function exportSafetensors(subject: ExportSubject): Promise<Exported> {
  const wanted = await wantedOf(subject);
  return withFolded(subject, async ({ model, certificate }) => {
    const bytes = (await weightsOf(subject, model)) as Uint8Array<ArrayBuffer>;
    return {
      name: fileName(subject.project, ".safetensors"),
      type: "application/octet-stream",
      bytes,
      agreement: await checkSafetensors(bytes, wanted),
      certificate: certificateWords(certificate),
    };
  });
}
