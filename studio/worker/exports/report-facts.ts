/** A project as the facts that a report is made of: what its folded model answers, its curve, its pictures. */
import {
  classificationReport,
  confusionMatrix,
  confusionSvg,
  models,
  mostConfidentMistakes,
  type Prediction,
  type RunFacts,
} from "tensorone";
import type { Certificate, Classifier } from "../../../src/models/index.js";
import { heatOf } from "../../../src/report/facts/heat.js";
import type { RunLog } from "../../../src/report/facts/log.js";
import { type AnswerFacts, type Found, type Mistake, missing } from "../../../src/report/facts/run-facts.js";
import type { Wanted } from "./check.js";
import { likeliestOf } from "./look.js";
import type { ExportSubject } from "./subject.js";

/** Mistakes that are shown. */
const SHOWN_MISTAKES = 12;
/** As top-5. */
const FIVE = 5;

/** Places in the scores, the likeliest first. */
const ranked = (scores: Float64Array): number[] => [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);

function predictionOf(scores: Float64Array, label: number, picture: number): Prediction {
  const top = ranked(scores).slice(0, FIVE);
  return {
    picture,
    label,
    predicted: likeliestOf(scores),
    score: scores[top[0]!]!,
    labelScore: scores[label]!,
    top: top.map((index) => ({ index, score: scores[index]! })),
  };
}

/** By `model`, which has the project's classes. */
async function answersOf(
  { classes, images }: ExportSubject,
  { pictures, scores, isValidation }: Wanted,
  model: Classifier,
): Promise<Found<AnswerFacts>> {
  const labelled = [...pictures.keys()].filter((i) => pictures[i]!.class !== null);
  if (labelled.length === 0) return missing("No picture has a class, so that nothing can be measured.");
  const predictions = labelled.map((i) => predictionOf(scores[i]!, pictures[i]!.class!, i));
  const labels = predictions.map(({ label }) => label);
  const confusion = confusionMatrix(
    labels,
    predictions.map(({ predicted }) => predicted),
    classes.length,
  );
  const share = (isRight: (one: Prediction) => boolean): number =>
    (100 * predictions.filter(isRight).length) / predictions.length;
  const report = classificationReport(confusion, classes);
  const info = { model: models.nameOf(model), form: "deploy" as const, numClasses: classes.length, classes, images };
  const mistakes: Mistake[] = [];
  for (const { picture: place, label, predicted, score, labelScore } of mostConfidentMistakes(
    predictions,
    SHOWN_MISTAKES,
  )) {
    const picture = await pictures[place]!.image();
    mistakes.push({
      path: pictures[place]!.name,
      label: classes[label]!,
      predicted: classes[predicted]!,
      score,
      labelScore,
      picture,
      heat: await heatOf({ model, info, classes }, picture, predicted),
    });
  }
  return {
    value: {
      file: "this project",
      split: isValidation ? "validation" : "training: there are none of validation",
      measured: predictions.length,
      available: predictions.length,
      unread: [],
      top1: share(({ label, predicted }) => label === predicted),
      top5: share(({ label, top }) => top.some(({ index }) => index === label)),
      loss: predictions.reduce((sum, { labelScore }) => sum - Math.log(labelScore), 0) / predictions.length,
      classes: report.classes,
      macro: report.macro,
      balancedAccuracy: report.balancedAccuracy,
      confusion: confusionSvg(confusion, classes),
      mistakes,
    },
  };
}

/** A point of the curve is a step of the log. */
function logOf({ curve }: ExportSubject): Found<RunLog> {
  if (curve.length === 0) return missing("Nothing was trained yet.");
  let elapsedMs = 0;
  const timed = curve.map((point, i) => {
    elapsedMs += point.ms;
    return { ...point, step: i + 1, epoch: i + 1, elapsedMs };
  });
  const last = timed.at(-1)!;
  return {
    value: {
      points: timed.map(({ step, epoch, loss, elapsedMs: until }) => ({
        step,
        epoch,
        elapsedMs: until,
        values: { loss, lr: Number.NaN, weightDecay: Number.NaN, imagesPerSecond: Number.NaN, dataWait: Number.NaN },
      })),
      validations: timed.flatMap(({ step, epoch, elapsedMs: until, valAccuracy }) =>
        valAccuracy === null ? [] : [{ step, epoch, elapsedMs: until, figures: { top1: 100 * valAccuracy } }],
      ),
      steps: timed.length,
      lastStep: last.step,
      lastEpoch: last.epoch,
      lastLoss: last.loss,
      stepMs: elapsedMs,
    },
  };
}

function dataOf({ project, classes, pictures }: ExportSubject): RunFacts["data"] {
  const splits = (["train", "val"] as const).map((split) => {
    const own = pictures.filter(({ side }) => side === split);
    return { split, images: own.length, counts: classes.map((_, c) => own.filter((one) => one.class === c).length) };
  });
  return { value: { root: project, classes, splits } };
}

/** Sentences on how the project was trained. */
function trainingWords({ curve, base, images }: ExportSubject): string {
  const names = [...new Set(curve.map(({ stage }) => stage))];
  const from = base ? `Features come from the base "${base.name}" (${base.note}), a ${base.model}. ` : "";
  const stages = names.map((stage) => `${stage} ${curve.filter((point) => point.stage === stage).length}×`).join(", ");
  return `${from}Trained in the studio: ${stages || "nothing yet"}. The model sees ${images.evalSize} × ${images.evalSize} px, the middle of a picture whose short side is resized to ${images.evalResize} px.`;
}

/** `model` is the project's folded one, `wanted` what the project answers. */
export async function factsOf(
  subject: ExportSubject,
  wanted: Wanted,
  { model, certificate }: { readonly model: Classifier; readonly certificate: Certificate | null },
): Promise<RunFacts> {
  const { project, classes, images, pixels, machine } = subject;
  const name = models.nameOf(model);
  const side = pixels.keptSide === null ? "" : ` Pictures are kept with a short side of ${pixels.keptSide} px.`;
  return {
    name: project,
    folder: project,
    checkpoint: null,
    published: null,
    command: missing("Trained by hand."),
    sessions: [],
    log: logOf(subject),
    data: dataOf(subject),
    answers: await answersOf(subject, wanted, model),
    certificate: certificate ? { value: certificate } : missing("The model was folded already."),
    costs: models.isModelName(name)
      ? { value: models.summarize(name, { numClasses: classes.length, imageSize: images.evalSize }).totals }
      : missing("The network is none of the published ones."),
    imageSize: images.evalSize,
    files: [],
    tab: {
      model: name,
      classes: classes.length,
      training: trainingWords(subject),
      machine: `${machine}. Decoder: ${pixels.decoder}; resize: ${pixels.resize}.${side}`,
    },
  };
}
