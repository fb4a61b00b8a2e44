/**
 * The certificate of a folding: what the deploy form answers beside the training form, block by block and end to end, on
 * a probe batch, and what both cost. Measured, not promised.
 */
import { noGrad } from "../../autograd/tape.js";
import { GlobalAvgPool } from "../../nn/pool.js";
import { chain } from "../../nn/sequential.js";
import * as F from "../../ops/functional/index.js";
import { findNonFiniteTensor, showNonFinite } from "../../tensor/finite.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Classifier } from "../classifier.js";
import { type Summary, summarize } from "../costs/summary.js";
import { FoldError } from "./fold.js";

/** Largest differences of two outputs, absolute and relative to the training form's largest |value|. */
export interface OutputError {
  readonly maxAbsError: number;
  readonly relativeError: number;
}

/** What one form of a model holds and computes. */
export interface FormCosts {
  readonly parameters: number;
  /** Multiply-adds for one image of the probe's size, classifier included. */
  readonly macs: number;
}

/** How far the deploy form's outputs are from the training form's, block by block and for the logits. */
export interface Certificate extends OutputError {
  /** Each block fed with the training form's activations. */
  readonly blocks: readonly ({ readonly name: string } & OutputError)[];
  /** Share of the probe's images for which both forms answer the same class. */
  readonly top1Agreement: number;
  readonly probeShape: readonly number[];
  readonly train: FormCosts;
  readonly deploy: FormCosts;
}

/** What is not finite is equal to nothing. Throws FoldError naming it. */
async function expectFinite(outputs: Iterable<readonly [name: string, tensor: Tensor]>): Promise<void> {
  const found = await findNonFiniteTensor(outputs);
  if (!found) return;
  throw new FoldError(
    `reparameterize: ${showNonFinite(found)}, expected finite outputs of both forms`,
    "the training diverged, or statistics are damaged: variances of 0 let activations grow from block to block",
  );
}

/** Throws FoldError where an output of `name` is not finite, or the two are further apart than a float can say. */
async function compare(name: string, trained: Tensor, deployed: Tensor): Promise<OutputError> {
  await expectFinite([
    [`the training form's ${name}`, trained],
    [`the deploy form's ${name}`, deployed],
  ]);
  const [error, scale] = noGrad(() =>
    scope(() => [F.max(F.abs(F.sub(trained, deployed))), F.max(F.abs(trained))] as const),
  );
  const maxAbsError = (await error.data())[0]!;
  const largest = (await scale.data())[0]!;
  await expectFinite([[`the largest difference of ${name} between the forms`, error]]);
  error.dispose();
  scale.dispose();
  return { maxAbsError, relativeError: largest === 0 ? maxAbsError : maxAbsError / largest };
}

async function agreement(trained: Tensor, deployed: Tensor): Promise<number> {
  const [a, b] = noGrad(() => [F.argmax(trained), F.argmax(deployed)] as const);
  const [classes, others] = [await a.data(), await b.data()];
  a.dispose();
  b.dispose();
  return classes.filter((label, i) => label === others[i]).length / classes.length;
}

const costs = (summary: Summary, form: "train" | "deploy"): FormCosts => ({
  parameters: summary.totals[form].parameters,
  macs: summary.totals[form].convMacs + summary.totals[form].linearMacs,
});

/** Runs both forms on `probe` [N, H, W, C]; both must be in evaluation mode. Throws FoldError where an output is not finite. */
export async function certify(trained: Classifier, deployed: Classifier, probe: Tensor): Promise<Certificate> {
  const run = (body: () => Tensor): Tensor => noGrad(() => scope(body));
  const blocks: ({ name: string } & OutputError)[] = [];
  let x = probe;
  for (const [i, block] of trained.blocks.entries()) {
    const input = x;
    const y = run(() => block.forward(input));
    const other = run(() => deployed.blocks[i]!.forward(input));
    blocks.push({ name: block.spec.name, ...(await compare(block.spec.name, y, other)) });
    other.dispose();
    if (x !== probe) x.dispose();
    x = y;
  }
  const features = x;
  const logits = run(() => chain([new GlobalAvgPool(), trained.classifier], features));
  features.dispose();
  const answer = run(() => deployed.forward(probe));
  const endToEnd = await compare("logits", logits, answer);
  const top1Agreement = await agreement(logits, answer);
  logits.dispose();
  answer.dispose();
  const summary = summarize(trained, { imageSize: [probe.shape[1]!, probe.shape[2]!] });
  return {
    ...endToEnd,
    blocks,
    top1Agreement,
    probeShape: probe.shape,
    train: costs(summary, "train"),
    deploy: costs(summary, "deploy"),
  };
}
