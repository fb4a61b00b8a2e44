/**
 * A confusion matrix as SVG that follows the reader's light or dark scheme: rows are labels, columns what they were taken for,
 * shades the share of a row. Up to 60 classes are shown one by one; of more, an overview in bins, and the classes that are
 * mistaken most beside one row and column for all others.
 */
import { inMarkup } from "../util/escape.js";
import { formatInteger } from "../util/format.js";

/** Counts [numClasses, numClasses], rows by label, as a confusion matrix of `train` has them. */
export interface Counts {
  readonly numClasses: number;
  readonly counts: ArrayLike<number>;
}

/** Most classes that have a row of their own. */
export const MOST_ROWS = 60;
/** Of a matrix that is cut: classes of the most frequent mistakes, and bins of the overview. */
const CUT_CLASSES = 30;
const MOST_BINS = 50;
/** Rows up to which a cell holds its count as text. */
const MOST_COUNTED = 25;
const MOST_LETTERS = 22;

/** A square grid with words on both sides. */
interface Grid {
  readonly title: string;
  readonly labels: readonly string[];
  /** [labels, labels] */
  readonly counts: readonly (readonly number[])[];
  readonly cell: number;
}

const LETTER = 6.2;
const TOP = 40;
const PAD = 16;

const style = [
  ".cm-page{fill:#fff}.cm-ink{fill:#1b1f24}.cm-soft{fill:#57606a}.cm-frame{fill:none;stroke:#8c959f}",
  ".cm-right{fill:#1f6feb}.cm-wrong{fill:#bc4c00}.cm-strong{fill:#fff}",
  ".cm text{font-family:ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;font-size:11px}.cm .cm-head{font-size:13px;font-weight:600}",
  "@media (prefers-color-scheme:dark){.cm-page{fill:#0d1117}.cm-ink{fill:#e6edf3}.cm-soft{fill:#9da7b1}.cm-frame{stroke:#6e7681}}",
].join("");

const short = (name: string): string => {
  const letters = [...name];
  return letters.length <= MOST_LETTERS ? name : `${letters.slice(0, MOST_LETTERS - 1).join("")}…`;
};
const round = (value: number): string => String(Number(value.toFixed(2)));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Counts of groups of classes instead of single ones; `groupOf` says which, below `groups`. */
function grouped({ numClasses, counts }: Counts, groups: number, groupOf: (index: number) => number): number[][] {
  const table = Array.from({ length: groups }, () => new Array<number>(groups).fill(0));
  for (let at = 0; at < numClasses * numClasses; at++)
    table[groupOf(Math.floor(at / numClasses))]![groupOf(at % numClasses)]! += counts[at]!;
  return table;
}

/** The classes with the most mistakes, as labels and as answers together, in their order. */
function mostMistaken({ numClasses, counts }: Counts, most: number): number[] {
  const mistakes = new Float64Array(numClasses);
  for (let at = 0; at < numClasses * numClasses; at++) {
    const [label, predicted] = [Math.floor(at / numClasses), at % numClasses];
    if (label === predicted) continue;
    mistakes[label]! += counts[at]!;
    mistakes[predicted]! += counts[at]!;
  }
  return Array.from(mistakes.keys())
    .sort((a, b) => mistakes[b]! - mistakes[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

function gridsOf(matrix: Counts, names: readonly string[]): Grid[] {
  const { numClasses } = matrix;
  if (numClasses <= MOST_ROWS) {
    const cell = numClasses <= MOST_COUNTED ? 34 : 15;
    return [{ title: "", labels: names, counts: grouped(matrix, numClasses, (index) => index), cell }];
  }
  const binSize = Math.ceil(numClasses / MOST_BINS);
  const bins = Math.ceil(numClasses / binSize);
  const ranges = Array.from({ length: bins }, (_, bin) => {
    const last = Math.min(numClasses, (bin + 1) * binSize) - 1;
    return bin * binSize === last ? String(last) : `${bin * binSize}–${last}`;
  });
  const kept = mostMistaken(matrix, CUT_CLASSES);
  const places = new Map(kept.map((index, place) => [index, place]));
  return [
    {
      title: `All ${formatInteger(numClasses)} classes by number, ${binSize} to a cell; the diagonal holds mistakes within a cell as well`,
      labels: ranges,
      counts: grouped(matrix, bins, (index) => Math.floor(index / binSize)),
      cell: 12,
    },
    {
      title: `The ${kept.length} classes with the most mistakes, and all others together`,
      labels: [...kept.map((index) => names[index]!), `${formatInteger(numClasses - kept.length)} others`],
      counts: grouped(matrix, kept.length + 1, (index) => places.get(index) ?? kept.length),
      cell: 22,
    },
  ];
}

/** Shades grow with the root of the share, so that few mistakes are seen. */
const shadeOf = (share: number): number => Math.max(0.06, Math.sqrt(share));

function cellsOf({ labels, counts, cell }: Grid): string[] {
  return counts.flatMap((row, y) => {
    const total = sum(row);
    return row.flatMap((count, x) => {
      if (count === 0) return [];
      const shade = shadeOf(count / total);
      const said = `${labels[y]} taken for ${labels[x]}: ${formatInteger(count)} of ${formatInteger(total)}`;
      const isCounted = labels.length <= MOST_COUNTED;
      const words = isCounted
        ? `<text class="${shade > 0.55 ? "cm-strong" : "cm-ink"}" x="${x * cell + cell / 2}" y="${y * cell + cell / 2 + 4}" text-anchor="middle">${count}</text>`
        : "";
      return [
        `<g><title>${inMarkup(said)}</title><rect class="${x === y ? "cm-right" : "cm-wrong"}" x="${x * cell}" y="${y * cell}" width="${cell}" height="${cell}" fill-opacity="${round(shade)}"/>${words}</g>`,
      ];
    });
  });
}

interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly parts: readonly string[];
}

function drawGrid(grid: Grid): Drawn {
  const { title, labels, cell } = grid;
  const words = labels.map((label) => inMarkup(short(label)));
  const room = Math.ceil(Math.max(...labels.map((label) => Math.min(MOST_LETTERS, [...label].length)), 5) * LETTER) + 8;
  const side = cell * labels.length;
  const head = title === "" ? 0 : 24;
  const names = words.flatMap((word, i) => {
    const middle = round(i * cell + cell / 2 + 4);
    return [
      `<text class="cm-ink" x="-6" y="${middle}" text-anchor="end">${word}</text>`,
      // read from below; the last letter touches the grid
      `<text class="cm-ink" transform="translate(${middle} -6) rotate(-90)">${word}</text>`,
    ];
  });
  const parts = [
    ...(title === "" ? [] : [`<text class="cm-ink cm-head" x="0" y="12">${inMarkup(title)}</text>`]),
    `<g transform="translate(${room} ${head + room})">`,
    ...cellsOf(grid),
    `<rect class="cm-frame" width="${side}" height="${side}"/>`,
    ...names,
    "</g>",
  ];
  // a title of its own line may be wider than a small grid
  return { width: Math.max(room + side, title.length * 7.4), height: head + room + side, parts };
}

/**
 * A confusion matrix as the text of an SVG file, light or dark as the reader's scheme. `names` are in the order of the matrix; they are
 * cut to 22 letters, and whole in what a pointer over a cell shows. It may stand within an HTML page: its CSS classes begin with cm.
 *
 * @example
 * ```ts
 * const svg = confusionSvg(confusionMatrix([0, 0, 1], [0, 1, 1], 2), ["cat", "dog"]);
 * console.log(svg.includes("cat taken for dog: 1 of 2")); // true
 * ```
 */
export function confusionSvg(
  matrix: Counts,
  names?: readonly string[] | null,
  { title = "Confusion matrix" }: { readonly title?: string } = {},
): string {
  const labels = names ?? Array.from({ length: matrix.numClasses }, (_, index) => String(index));
  const drawn = gridsOf(matrix, labels).map(drawGrid);
  const note = "rows: label, columns: answer; the stronger the colour, the larger the share of the row";
  const width =
    Math.ceil(Math.max(...drawn.map((one) => one.width), note.length * LETTER, title.length * 7.4)) + 2 * PAD;
  let y = TOP + PAD;
  const placed = drawn.map(({ height, parts }) => {
    const group = `<g transform="translate(${PAD} ${y})">${parts.join("\n")}</g>`;
    y += height + 2 * PAD;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="cm" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`,
    `<title>${inMarkup(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="cm-page" width="${width}" height="${y}" rx="6"/>`,
    `<text class="cm-ink cm-head" x="${PAD}" y="22">${inMarkup(title)}</text>`,
    `<text class="cm-soft" x="${PAD}" y="40">${note}</text>`,
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}
