/** The model as it is delivered: folded, with the certificate in words for the page. */
import { models } from "tensorone";
import type { Certificate, Classifier } from "../../../src/models/index.js";
import { formatCount } from "../../../src/util/format.js";
import type { ExportSubject } from "./subject.js";

/** The deploy form, for the time of a call. */
export interface Delivered {
  readonly model: Classifier;
  /** Null where the model was folded already. */
  readonly certificate: Certificate | null;
}

/** Runs `body` on the deploy form, which is let go of behind it. Throws FoldError. */
export async function withFolded<T>(
  { model, images }: ExportSubject,
  body: (delivered: Delivered) => Promise<T>,
): Promise<T> {
  const wasTraining = model.training;
  model.eval();
  try {
    if (model.isDeployed) return await body({ model, certificate: null });
    const folded = await models.reparameterize(model, { probe: { imageSize: images.evalSize } });
    try {
      return await body(folded);
    } finally {
      folded.model.dispose();
    }
  } finally {
    model.train(wasTraining);
  }
}

/** What folding changed; null where nothing was folded. */
export function certificateWords(certificate: Certificate | null): string | null {
  if (certificate === null) return null;
  const { train, deploy, relativeError, top1Agreement, probeShape } = certificate;
  const probes = probeShape[0] ?? 0;
  return [
    `Folded from ${formatCount(train.parameters)} to ${formatCount(deploy.parameters)} parameters:`,
    `logits within ${relativeError.toExponential(1)} of the largest,`,
    `the same answer on ${Math.round(top1Agreement * probes)} of ${probes} random pictures.`,
  ].join(" ");
}
