/** `features`: what a stage of a model makes of pictures, averaged over places, as an array for NumPy. */
import { npyBytes, npyHeader } from "../../io/npy.js";
import { Classifier } from "../../models/index.js";
import { extractFeatures } from "../../train/looking/extract-features.js";
import { picturePaths } from "../../train/looking/picture-paths.js";
import { stageNames, stageNumber } from "../../train/looking/stages.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { UsageError } from "../../util/errors.js";
import { formatInteger } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import { defineCommand } from "../command.js";
import { flag, text } from "../options.js";
import { checkOutput, shownPath } from "../paths.js";
import { modelOptions, openModel, pictureOptions, pictureWords } from "../pictures/opened-model.js";
import { PassedOver } from "../pictures/passed-over.js";
import { required, workersOption } from "../shared-options.js";

export const features = defineCommand({
  name: "features",
  summary: "Writes a model's features of pictures as an array for NumPy",
  positionals: pictureWords,
  options: {
    ...modelOptions,
    out: text({ help: "float32 [pictures, channels]", placeholder: "FILE.npy" }),
    paths: text({ help: "file for the path of each row, a line each", placeholder: "FILE" }),
    stage: text({
      help: "whose output, averaged over all places: its name, or its number from 0 or from -1 backwards; default: the last, what the classifier is given",
      placeholder: "NAME",
    }),
    force: flag({ help: "replace files that exist" }),
    workers: workersOption,
    ...pictureOptions,
  },
  examples: [
    "features --checkpoint runs/pets my-pictures/val --out val.npy --paths val.txt",
    "features --checkpoint runs/pets --stage stage3 - --out some.npy --force",
  ],
  async run(values, words, { terminal, aside }) {
    const { workers } = values;
    const out = required("features: --out", values.out, "FILE.npy");
    if (!/\.npy$/i.test(out)) throw new UsageError(`features: --out ${out}, expected a name that ends in .npy`);
    for (const file of [out, values.paths]) if (file !== undefined) checkOutput("features", "", file, values.force);
    const pictures = picturePaths("features", words, process.stdin);
    const opened = await openModel("features", values, aside);
    const { model, sizes, decoder } = opened;
    if (!(model instanceof Classifier))
      throw new UsageError(`${opened.where}: has no stages, expected a model of a family`);
    const stage = stageNumber("features: --stage", model, values.stage);
    const { module, channels } = model.featureInfo[stage]!;
    const passedOver = new PassedOver(aside);
    const rows: string[] = [];
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield npyHeader([0, channels]);
      const options = { ...sizes, stage, decoder, workers, where: opened.where };
      for await (const { path, features: row, problem } of extractFeatures(model, pictures, options)) {
        if (problem) passedOver.add(path, problem);
        else {
          rows.push(path);
          yield npyBytes(row as ArrayLike<number>);
          terminal.update(`${formatInteger(rows.length)} pictures`);
        }
      }
    }
    // how many there are is known at the end
    await writeFileAtomic(out, bytes(), () => npyHeader([rows.length, channels]));
    // a line is a row of the array, whatever a name holds
    const lines = rows.map((path) => `${printable(path)}\n`);
    if (values.paths !== undefined) await writeFileAtomic(values.paths, lines.join(""));
    terminal.print(
      `wrote ${shownPath(out)}: float32 [${rows.length}, ${channels}] of ${module}, the stages being ${stageNames(model).join(", ")}`,
    );
    const exitCode = passedOver.finish(rows.length);
    const { checkpoint, info } = opened;
    const { failed } = passedOver;
    const json = { checkpoint, model: info.model, form: info.form, decoder, stage: module, out, failed };
    return { json: { ...json, shape: [rows.length, channels], paths: values.paths ?? null }, exitCode };
  },
});
