/** The measured comparison of bench/results/compare.json as tables with bars: every number and name comes from that file. */
import { escapeHtml, shown } from "./text.mjs";

const BAR_WIDTH = 240;
const BAR_HEIGHT = 12;

/** What is compared, and which way round: of times the shorter is better. */
const measures = [
  { form: "train", column: "imagesPerSecond", title: "Training", unit: "pictures a second", isMoreBetter: true },
  { form: "deploy", column: "medianMs", title: "One answer", unit: "ms", isMoreBetter: false },
];

const isOurs = ({ engine }) => engine.startsWith("tensorone");

function bar({ value, most, isOwn }) {
  const width = Math.max(1, (value / most) * BAR_WIDTH).toFixed(1);
  return `<svg class="bar" width="${BAR_WIDTH}" height="${BAR_HEIGHT}" aria-hidden="true"><rect class="${isOwn ? "own" : "other"}" width="${width}" height="${BAR_HEIGHT}" rx="2"/></svg>`;
}

function table(rows, { column, title, unit, isMoreBetter }, threads) {
  const [{ model, imageSize, batch }] = rows;
  const sorted = [...rows].sort((a, b) => (isMoreBetter ? b[column] - a[column] : a[column] - b[column]));
  const most = Math.max(...rows.map((row) => row[column]));
  const lines = sorted.map((row) => {
    const value = row[column];
    return `<tr${isOurs(row) ? ' class="own"' : ""}><th scope="row">${escapeHtml(row.engine)} <span class="soft">${escapeHtml(row.version)}</span></th><td class="n">${shown(value)}</td><td>${bar({ value, most, isOwn: isOurs(row) })}</td></tr>`;
  });
  return `<div class="wide" tabindex="0" role="group" aria-label="${title}, ${threads}"><table class="compare">
<caption>${title} of ${escapeHtml(model)}, ${imageSize} px, batch ${batch}, ${threads}: ${unit}, ${isMoreBetter ? "more" : "less"} is better</caption>
<thead><tr><th scope="col">engine</th><th scope="col" class="n">${unit}</th><td></td></tr></thead>
<tbody>${lines.join("\n")}</tbody></table></div>`;
}

/** Tables of one model by form and number of threads, and where they were measured. */
export function comparison({ machine, rows }, model = "mobileone_s0") {
  const tables = measures.flatMap((measure) => {
    const own = rows.filter((row) => row.model === model && row.form === measure.form);
    const threads = [...new Set(own.map((row) => row.threads))].sort((a, b) => a - b);
    return threads.map((n) =>
      table(
        own.filter((row) => row.threads === n),
        measure,
        n === 1 ? "1 thread" : `${n} threads`,
      ),
    );
  });
  const where = `${machine.cores} cores of ${machine.cpu}, ${machine.date.slice(0, 10)}, commit ${machine.commit}; medians`;
  return `<div class="tables">${tables.join("\n")}</div>\n<p class="soft">Measured on ${escapeHtml(where)}.</p>`;
}
