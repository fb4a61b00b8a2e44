/**
 * `eval`: accuracy of a checkpoint on a split of a data set, class by class, with --out every answer; a training form also shows its
 * folding certificate.
 */
import { loadDecoder } from "../../data/codecs/decoder.js";
import { DataLoader } from "../../data/reading/loader.js";
import { openDataset } from "../../data/sets/dataset.js";
import { evalTransform } from "../../data/transforms/index.js";
import { compareClasses } from "../../train/checkpoints/class-names.js";
import { foldAt } from "../../train/checkpoints/fold-model.js";
import { loadModel } from "../../train/checkpoints/run-weights.js";
import { evaluateShared, type PictureEvaluation } from "../../train/evaluate.js";
import { EVALUATION_FILES } from "../../train/looking/evaluation-files.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import { formatInteger, formatLoss, formatPercent, formatSpeed, isTop5Telling } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import { progressBar } from "../../util/terminal.js";
import { certificateJson, certificateLine } from "../certificate.js";
import { defineCommand, type Outcome } from "../command.js";
import { showAnswers } from "../eval/answers.js";
import { checkOutputFolder } from "../eval/output-folder.js";
import { sharingGroups, sharingOptions } from "../launch/options.js";
import { type Sharer, shareWork } from "../launch/shared-work.js";
import { localWeights } from "../local-weights.js";
import { flag, integer, text, textOrTexts, type Values } from "../options.js";
import { demoData, shownData, shownPath } from "../paths.js";
import {
  allowOtherClassesOption,
  badPictureOption,
  checkpointOption,
  commonOptions,
  DATA_HELP,
  decoderLabel,
  decoderOption,
  fastComputeOptions,
  required,
  startBackend,
  valFractionOf,
  valFractionOption,
  weightsOption,
  workersOption,
} from "../shared-options.js";
import { shareOfMachine } from "../train/share-of-machine.js";

const evalOptions = {
  checkpoint: checkpointOption,
  weights: weightsOption,
  data: textOrTexts({ help: `${DATA_HELP}; default: the bundled demo set`, placeholder: "DIR" }),
  valFraction: valFractionOption,
  onBadPicture: badPictureOption,
  split: text({ help: "which part of it; all: every picture", placeholder: "NAME", default: "val" }),
  batchSize: integer({ help: "images at a time", default: 64 }),
  imageSize: integer({ help: "side of the pictures; default: what the model was trained for", max: 4096 }),
  workers: workersOption,
  allowOtherClasses: allowOtherClassesOption,
  decoder: decoderOption,
  out: text({
    help: "folder for every answer (CSV, JSON lines), metrics.json, the confusion matrix (CSV, SVG) and the surest mistakes as sheets of pictures",
    placeholder: "DIR",
  }),
  mistakes: integer({ help: "mistakes on those sheets, the surest first", min: 0, default: 96 }),
  force: flag({ help: "write into DIR where it holds an evaluation already" }),
  ...fastComputeOptions,
  ...sharingOptions,
  ...commonOptions,
};

export const evaluation = defineCommand({
  name: "eval",
  summary: "Measures a checkpoint on a data set, class by class",
  options: evalOptions,
  groups: sharingGroups,
  examples: [
    "eval --checkpoint runs/s0/model.safetensors --data path/to/imagenet",
    "eval --checkpoint runs/s0/model-deploy.safetensors --json",
    "eval --checkpoint runs/pets --weights raw --data my-pictures",
    "eval --checkpoint runs/pets --data my-pictures --val-fraction 0.1",
    "eval --checkpoint runs/pets --data new-pictures --data more.csv --split all",
    "eval --checkpoint runs/pets --data my-pictures --out pets-eval --mistakes 24",
    "eval --checkpoint runs/pets --data my-pictures --out pets-eval --force",
    "eval --checkpoint runs/s0 --data path/to/imagenet --nproc 4",
    "eval --checkpoint runs/pets --data my-pictures --on-bad-picture skip",
  ],
  run: (values, _, context) => {
    if (values.out !== undefined) checkOutputFolder("eval", values.out, EVALUATION_FILES, values.force);
    return shareWork("eval", values, context, (sharer) => measure(values, sharer));
  },
});

type EvalValues = Values<typeof evalOptions>;

/** One process's share of the pictures; all get the same figures, whatever their number. */
async function measure(values: EvalValues, { group, terminal }: Sharer): Promise<Outcome> {
  const checkpoint = required("eval: --checkpoint", values.checkpoint, "FILE");
  const { data = demoData, split, batchSize, workers } = values;
  const { name: decoder } = await loadDecoder(values.decoder); // a missing package is told before any work
  const { threads } = shareOfMachine({ threads: values.threads, workers }, group.localSize);
  const { label: backend } = await startBackend({ ...values, threads });
  // what has to be fetched is fetched by one process of a machine
  if (group.localRank > 0) await group.barrier();
  const file = await localWeights(checkpoint, terminal);
  if (group.localRank === 0) await group.barrier();
  const { model, classes, info, path } = await loadModel(file, { weights: values.weights });
  const dataset = openDataset(data, split, { numClasses: info.numClasses, ...valFractionOf(values) });
  const { areClassesNamed = true } = dataset;
  const notice = compareClasses(
    { where: shownPath(path), names: classes, count: info.numClasses },
    { where: shownData(data), names: areClassesNamed ? dataset.classes : null, count: dataset.classes.length },
    { allow: values.allowOtherClasses },
  );
  const sizes = imageSizes(info.model, info.images, values.imageSize);
  const transform = evalTransform(sizes);
  const { rank, worldSize } = group;
  const share = { replicas: worldSize, rank, pad: false };
  const loader = new DataLoader(dataset, {
    ...{ batchSize, transform, workers, decoder, ...share },
    badPictures: values.onBadPicture === "skip" ? "leaveOut" : "stop",
    onBadPicture: ({ summary }) => terminal.print(`${printable(summary)}: left out`),
  });
  const processes = worldSize === 1 ? "" : `  ${worldSize} processes (${group.transport})`;
  terminal.print(
    `${terminal.paint("bold", info.model)}  ${info.form} form  backend ${backend}${processes}  ${shownPath(path)}`,
  );
  if (values.data === undefined) terminal.print("no --data: measured on the bundled demo set");
  if (notice !== null) terminal.print(notice);
  for (const line of dataset.notices ?? []) terminal.print(line);
  terminal.print(
    `data ${shownData(data)}: ${formatInteger(dataset.length)} images of ${split}  ${decoderLabel(decoder, workers)}`,
  );
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) =>
    terminal.update(`${progressBar(done / total, Math.min(24, terminal.width - 20))}  ${done}/${total} batches`);
  const where = `eval: ${checkpoint}`;
  const detail = values.out === undefined ? "classes" : "pictures";
  const evaluated = evaluateShared(model, loader, { onProgress, where, group, detail }).finally(() => loader.close());
  // without a signal nothing stops it
  const result = (await evaluated) as PictureEvaluation;
  const { top1, top5, loss, images, imagesPerSecond } = result;
  if (rank !== 0) return { json: null };
  // no figures are shown of a model whose certificate fails
  const folded = info.form === "deploy" ? null : await foldAt(model, sizes.imageSize);
  const ofFive = isTop5Telling(info.numClasses) ? `  top-5 ${formatPercent(top5)}` : "";
  terminal.print(
    `top-1 ${formatPercent(top1)}${ofFive}  loss ${formatLoss(loss)}  ${formatSpeed(imagesPerSecond)} img/s, decoding ${formatSpeed(loader.stats.imagesPerSecond)} img/s a thread`,
  );
  const about = {
    checkpoint,
    weights: values.weights ?? null,
    model: info.model,
    form: info.form,
    numClasses: info.numClasses,
    data,
    split,
    decoder,
    top1,
    top5,
    loss,
    images,
    imagesPerSecond,
  };
  const answers = await showAnswers(terminal, result, { ...values, about, dataset, decoder, modelClasses: classes });
  const json = { ...about, decoding: loader.stats, ...answers };
  if (!folded) return { json };
  const { certificate } = folded;
  terminal.print(certificateLine(certificate));
  return { json: { ...json, certificate: certificateJson(certificate) } };
}
