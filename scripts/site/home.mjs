/** The home page: what this is in the words of README, the measured comparison, and ways on. */
import { comparison } from "./comparison.mjs";
import { escapeHtml } from "./text.mjs";

/** The screens that tests of the studio leave in build/screenshots, where they have run. */
export const screenshots = [
  {
    file: "train-1400-light.png",
    text: "Training in a tab: pictures with their answers, curves, the confusion matrix",
  },
  { file: "watch-1400-light.png", text: "Watching runs: curves over each other, the options that differ" },
];

/** README's text up to its first heading of the second order, without its title. */
export function introduction(readme) {
  const [, rest] = readme.split(/^# .*$/m);
  return rest
    .split(/^## /m)[0]
    .split(/^\*\*Faster than/m)[0]
    .trim();
}

/** `introduced` is HTML; `results` is compare.json. */
export function home({ introduced, results, shots, hasStudio, hasReference }) {
  const ways = [
    ...(hasStudio ? ['<a class="main" href="studio/index.html">Train in this browser</a>'] : []),
    '<a href="guides/index.html">Guides</a>',
    '<a href="guides/in-a-browser.html">In a browser</a>',
    ...(hasReference ? ['<a href="reference/index.html">Reference</a>'] : []),
  ];
  const figures = shots.map(
    ({ file, text, width, height }) =>
      `<figure><img src="screenshots/${file}" alt="${escapeHtml(text)}" width="${width}" height="${height}" loading="lazy"><figcaption>${escapeHtml(text)}</figcaption></figure>`,
  );
  return `<h1>Deep learning in TypeScript</h1>
<p class="ways">${ways.join(" ")}</p>
${introduced}
<h2 id="measured">Measured</h2>
${comparison(results)}
<p><a href="results/compare.html">All engines, models and spreads</a>.</p>
${figures.length > 0 ? `<h2 id="studio">The studio</h2>\n<div class="figures">${figures.join("\n")}</div>` : ""}`;
}
