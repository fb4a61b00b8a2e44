/** The exported file beside the model of the tab: both answer the same pictures, and equal answers are counted. */
import { imagenetMean, imagenetStd } from "tensorone";
import type { Agreement } from "../../protocol.js";
import { type Asked, likeliestOf, scoresOf } from "./look.js";
import type { ExportSubject, SubjectPicture } from "./subject.js";

/** What the tab's model answers, and to which pictures. */
export interface Wanted {
  readonly pictures: readonly SubjectPicture[];
  readonly isValidation: boolean;
  /** Short side of the pictures as the project keeps them; null: as their files have them. */
  readonly keptSide: number | null;
  readonly classes: readonly string[];
  /** By picture. */
  readonly scores: readonly Float64Array[];
}

/** Validation pictures, or all where there are none. */
export function checkedPictures({ pictures }: ExportSubject): Pick<Wanted, "pictures" | "isValidation"> {
  const held = pictures.filter(({ side }) => side === "val");
  return held.length > 0 ? { pictures: held, isValidation: true } : { pictures, isValidation: false };
}

async function allScores(asked: Asked, pictures: readonly SubjectPicture[]): Promise<Float64Array[]> {
  const scores: Float64Array[] = [];
  for (const picture of pictures) scores.push(await scoresOf(asked, await picture.image()));
  return scores;
}

/** The tab's own model; its mode is put back. */
export async function wantedOf(subject: ExportSubject): Promise<Wanted> {
  const { model, classes, images } = subject;
  const { pictures, isValidation } = checkedPictures(subject);
  const wasTraining = model.training;
  model.eval();
  try {
    const asked: Asked = {
      classes,
      imageSize: images.evalSize,
      resizeSize: images.evalResize,
      normalization: { mean: imagenetMean, std: imagenetStd },
      run: (x) => model.forward(x),
    };
    const { keptSide } = subject.pixels;
    return { pictures, isValidation, keptSide, classes, scores: await allScores(asked, pictures) };
  } finally {
    model.train(wasTraining);
  }
}

/** Answers are equal where they have one name: a file whose classes stand in another order differs. */
export async function agreementOf(wanted: Wanted, asked: Asked, how: string): Promise<Agreement> {
  const found = await allScores(asked, wanted.pictures);
  let [equal, largest] = [0, 0];
  found.forEach((scores, i) => {
    const own = wanted.scores[i]!;
    if (wanted.classes[likeliestOf(own)] === asked.classes[likeliestOf(scores)]) equal++;
    wanted.classes.forEach((name, c) => {
      const there = asked.classes.indexOf(name);
      // a class that is not there has no probability
      largest = Math.max(largest, Math.abs(own[c]! - (there < 0 ? 0 : scores[there]!)));
    });
  });
  const kept =
    wanted.keptSide === null
      ? ""
      : ` Pictures were those that the project keeps, ${wanted.keptSide} px at the short side.`;
  const which = wanted.isValidation ? "" : " There are no validation pictures, so all were shown.";
  return { equal, of: found.length, largest, how: `${how}${kept}${which}` };
}
