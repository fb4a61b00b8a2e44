/**
 * What the drawn figures of docs/ share: a few SVG elements as text, and colours that follow the reader's light or dark
 * scheme. Figures are functions from numbers of the code to SVG; test/docs/figures.test.ts compares and rewrites the files.
 */

/** Hues of cells, as CSS classes `hue0` …; light scheme first. */
const hues = [
  ["#cfe3ff", "#1d4b82"],
  ["#d8f0d2", "#245c2b"],
  ["#ffe6bf", "#7a4c0b"],
  ["#f6d5e5", "#7a2850"],
  ["#e3dafb", "#4a3590"],
  ["#d2eef0", "#1a5a60"],
  ["#eceae4", "#4d4a42"],
  ["#fbd9cf", "#80351e"],
  ["#e9efc0", "#565c12"],
] as const;

/** Number of hues. */
export const HUES = hues.length;

const style = [
  ".page{fill:#fff}.ink,text{fill:#1b1f24}.soft{fill:#57606a}.line{stroke:#57606a;fill:none;stroke-width:1.2}",
  ".box{fill:#f6f8fa;stroke:#8c959f}.cell{stroke:#8c959f}.head{fill:#57606a}",
  "text{font-family:ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;font-size:13px}",
  ".small{font-size:11px}.bold{font-weight:600}.code{font-family:ui-monospace,Menlo,Consolas,monospace}",
  ...hues.map(([light], i) => `.hue${i}{fill:${light}}`),
  "@media (prefers-color-scheme:dark){.page{fill:#0d1117}.ink,text{fill:#e6edf3}.soft{fill:#9da7b1}",
  ".line{stroke:#9da7b1}.box{fill:#161b22;stroke:#6e7681}.cell{stroke:#6e7681}.head{fill:#9da7b1}",
  ...hues.map(([, dark], i) => `.hue${i}{fill:${dark}}`),
  "}",
];

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : "&gt;"));

/** A whole file: `title` is what screen readers say. */
export const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style.join("")}</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");

export interface TextStyle {
  /** Space-separated classes: small, bold, code, soft. */
  readonly kind?: string;
  readonly anchor?: "start" | "middle" | "end";
}

export const text = (x: number, y: number, words: string, { kind = "", anchor = "start" }: TextStyle = {}): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind === "" ? "" : ` class="${kind}"`}>${escaped(words)}</text>`;

/** Small lines below each other. */
export const lines = (x: number, y: number, words: readonly string[]): string[] =>
  words.map((one, i) => text(x, y + 16 * i, one, { kind: "small soft" }));

export const rect = (x: number, y: number, width: number, height: number, kind: string): string =>
  `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>`;

/** A line through points, with an arrow head at its end where asked for. */
export const line = (points: readonly (readonly [number, number])[], hasHead = false): string =>
  `<path class="line" d="M${points.map(([x, y]) => `${x} ${y}`).join("L")}"${hasHead ? ' marker-end="url(#head)"' : ""}/>`;

/** A box with a word in its middle, and a smaller line below. */
export function labelled(x: number, y: number, width: number, height: number, word: string, below = ""): string {
  const middle = x + width / 2;
  const at = y + height / 2 + (below === "" ? 5 : -2);
  return [
    rect(x, y, width, height, "box"),
    text(middle, at, word, { anchor: "middle", kind: "bold" }),
    ...(below === "" ? [] : [text(middle, at + 15, below, { anchor: "middle", kind: "small soft" })]),
  ].join("\n");
}
