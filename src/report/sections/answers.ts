/** What the model answers: figures of each class, which class is taken for which, and the mistakes that it was surest of. */
import type { Image } from "../../data/codecs/image.js";
import { base64 } from "../../util/base64.js";
import { formatInteger, formatLoss, formatPercent, isTop5Telling } from "../../util/format.js";
import type { AnswerFacts, ClassRow, Mistake, RunFacts } from "../facts/run-facts.js";
import { Html, html, type Part } from "../page/html.js";
import { foundOr, missingNote, type Section, tableOf } from "./section.js";

/** Pictures up to this side are shown with their pixels as squares. */
const SMALL = 64;

const percent = (share: number): string => formatPercent(100 * share);

function classTable({ classes, macro, measured }: AnswerFacts): Html {
  const row = (label: string, { precision, recall, f1 }: Omit<ClassRow, "label" | "support">, support: number) => [
    label,
    ...[precision, recall, f1].map((share) => ({ shown: percent(share), value: share })),
    { shown: formatInteger(support), value: support },
  ];
  return html`<div class="wide scroll" tabindex="0" role="group" aria-label="Figures of each class">${tableOf(
    [{ title: "class" }, ...["precision", "recall", "F1", "pictures"].map((title) => ({ title, isNumber: true }))],
    classes.map((one) => ({ cells: row(one.label, one, one.support) })),
    {
      isSortable: true,
      totals: [{ cells: row("mean of classes", macro, measured), kind: "total" }],
    },
  )}</div>`;
}

function pictureOf(image: Image | null, alt: string, pngOf: (image: Image) => Uint8Array): Html {
  if (!image) return html`<span class="gone">picture not readable</span>`;
  const source = `data:image/png;base64,${base64(pngOf(image))}`;
  const kind = Math.max(image.width, image.height) <= SMALL ? "small" : "";
  return html`<img class="${kind}" src="${source}" alt="${alt}">`;
}

function mistakeItem(mistake: Mistake, pngOf: (image: Image) => Uint8Array): Html {
  const { path, label, predicted, score, labelScore, picture, heat } = mistake;
  return html`<li><div class="pair">${pictureOf(picture, `${label}, taken for ${predicted}`, pngOf)}${
    heat && pictureOf(heat, `what spoke for ${predicted}`, pngOf)
  }</div>
<p><strong>${label}</strong> taken for <strong>${predicted}</strong></p>
<p class="soft">${percent(score)}, its own class ${percent(labelScore)}</p>
<p class="soft">${path}</p></li>`;
}

function mistakesList({ mistakes, measured }: AnswerFacts, pngOf: (image: Image) => Uint8Array): Part {
  if (mistakes.length === 0) return missingNote(`None: all ${formatInteger(measured)} pictures were answered right.`);
  const explained = mistakes.some(({ heat }) => heat !== null);
  return html`${explained && html`<p class="soft">Beside each picture, as the model sees it, what spoke for the answer (Grad-CAM of the deepest stage with 4 × 4 places or more): the brighter, the more.</p>`}
<ul class="mistakes">${mistakes.map((mistake) => mistakeItem(mistake, pngOf))}</ul>`;
}

export function answersSection({ answers }: RunFacts, pngOf: (image: Image) => Uint8Array): Section {
  const body = foundOr(answers, (value) => {
    const { file, top1, top5, loss, balancedAccuracy, classes, confusion, split, measured, available, unread } = value;
    const part =
      measured + unread.length < available
        ? ` Only ${formatInteger(measured)} of ${formatInteger(available)} pictures, evenly spread over the split, were looked at: figures are estimates.`
        : "";
    const ofFive = isTop5Telling(classes.length) ? `, top-5 ${formatPercent(top5)}` : "";
    return html`<p>The weights of <code>${file}</code>, folded, on ${formatInteger(measured)} pictures of ${split}: top-1 ${formatPercent(top1)}${ofFive}, loss ${formatLoss(loss)}, mean recall of the classes ${percent(balancedAccuracy)}.${part}</p>
${unread.length > 0 && html`<details><summary>${formatInteger(unread.length)} of them cannot be read, and are left out</summary><ul>${unread.map((one) => html`<li>${one}</li>`)}</ul></details>`}
<h3>Classes</h3>
${classTable(value)}
<h3>Which class is taken for which</h3>
<div class="wide" tabindex="0" role="group" aria-label="Confusion matrix">${new Html(confusion)}</div>
<h3>The surest mistakes</h3>
${mistakesList(value, pngOf)}`;
  });
  return { id: "answers", title: "Answers", body };
}
