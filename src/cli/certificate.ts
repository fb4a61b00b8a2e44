/**
 * How the command line tells that folding changed nothing.
 */
import type { Certificate } from "../models/index.js";
import { formatCount } from "../util/format.js";

/** The certificate in one line. */
export function certificateLine({ train, deploy, relativeError, top1Agreement, probeShape }: Certificate): string {
  const probes = probeShape[0] ?? 0;
  const kept = Math.round(top1Agreement * probes);
  return [
    `folding: ${formatCount(train.parameters)} -> ${formatCount(deploy.parameters)} params,`,
    `${formatCount(train.macs)} -> ${formatCount(deploy.macs)} MACs;`,
    `logits within ${relativeError.toExponential(1)} of the largest,`,
    `same answer on ${kept} of ${probes} probe images`,
  ].join(" ");
}

/** The certificate for --json: one figure for all blocks. */
export function certificateJson(certificate: Certificate): Readonly<Record<string, unknown>> {
  const { blocks, ...rest } = certificate;
  const worst = blocks.reduce((a, b) => (b.relativeError > a.relativeError ? b : a), blocks[0]!);
  return { ...rest, blocks: blocks.length, worstBlock: worst };
}
