/** What the model costs, what folding it changed, and the files of the run. */
import { formatBytes, formatCount, formatInteger } from "../../util/format.js";
import type { FileFacts, RunFacts } from "../facts/run-facts.js";
import { html, type Part } from "../page/html.js";
import { foundOr, listOf, missingNote, type Section, tableOf } from "./section.js";

const EXPONENT_DIGITS = 1;
const scientific = (value: number): string => value.toExponential(EXPONENT_DIGITS);

function costsTable({ costs, imageSize }: RunFacts): Part {
  return foundOr(costs, ({ train, deploy }) => {
    const rows = [
      ["parameters", train.parameters, deploy.parameters],
      ["multiply-adds of a picture", train.convMacs + train.linearMacs, deploy.convMacs + deploy.linearMacs],
      ["activations, elements", train.activations, deploy.activations],
      ["batch norms", train.batchNorms, deploy.batchNorms],
    ] as const;
    return html`<div class="wide">${tableOf(
      [
        { title: imageSize === null ? "" : `at ${imageSize} × ${imageSize} pixels` },
        { title: "training form", isNumber: true },
        { title: "folded", isNumber: true },
        { title: "share", isNumber: true },
      ],
      rows.map(([name, before, after]) => ({
        cells: [
          name,
          formatCount(before),
          formatCount(after),
          before === 0 ? "–" : `${((100 * after) / before).toFixed(0)} %`,
        ],
      })),
    )}</div>`;
  });
}

export function costsSection(facts: RunFacts): Section {
  const certificate = foundOr(facts.certificate, (value) => {
    const probes = value.probeShape[0] ?? 0;
    const worst = value.blocks.reduce<(typeof value.blocks)[number] | undefined>(
      (a, b) => (a === undefined || b.relativeError > a.relativeError ? b : a),
      undefined,
    );
    return listOf([
      ["largest difference of the logits", `${scientific(value.relativeError)} of the largest logit`],
      ["same answer", `${Math.round(value.top1Agreement * probes)} of ${probes} probe pictures`],
      [
        "worst block",
        worst === undefined
          ? ""
          : html`<code>${worst.name}</code>, ${scientific(worst.relativeError)} of its largest output`,
      ],
      ["probe", `noise of ${value.probeShape.join(" × ")}`],
    ]);
  });
  return {
    id: "costs",
    title: "Costs and folding",
    body: html`${costsTable(facts)}
<h3>Folding certificate</h3>
<p class="soft">Both forms of the model answered the same random pictures; what folding changed is rounding.</p>
${certificate}`,
  };
}

const fileRow = ({ path, bytes, what }: FileFacts) => ({
  cells: [
    html`<a href="${path.split("/").map(encodeURIComponent).join("/")}">${path}</a>`,
    { shown: formatBytes(bytes), value: bytes },
    what,
  ],
});

export function filesSection({ files, folder }: RunFacts): Section {
  return {
    id: "files",
    title: "Files",
    body:
      files.length === 0
        ? missingNote("The folder holds no files of a run.")
        : html`<p class="soft">In <code>${folder}</code>; links work while this page lies there. ${formatInteger(files.length)} files.</p>
<div class="wide">${tableOf(
            [{ title: "file" }, { title: "size", isNumber: true }, { title: "what it is" }],
            files.map(fileRow),
            { isSortable: true },
          )}</div>`,
  };
}
