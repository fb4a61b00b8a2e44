/**
 * The report as one HTML file: style, script and pictures are in it, and its policy lets it ask for nothing else, so that it is the
 * same offline, in a mail, and in ten years.
 */
import type { Image } from "../data/codecs/image.js";
import type { RunFacts } from "./facts/run-facts.js";
import { Html, html, inScript } from "./page/html.js";
import { startPage } from "./page/script.js";
import { style } from "./page/style.js";
import type { UPlotAssets } from "./page/uplot.js";
import { answersSection } from "./sections/answers.js";
import { costsSection, filesSection } from "./sections/costs.js";
import { curvesSection, plotsOf } from "./sections/curves.js";
import { heading } from "./sections/heading.js";
import { dataSection, machineSection } from "./sections/machine.js";
import { recipeSection } from "./sections/recipe.js";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** The file's text. Everything that came from people or files is escaped. */
export function renderReport(facts: RunFacts, uplot: UPlotAssets, pngOf: (image: Image) => Uint8Array): string {
  const sections = [
    curvesSection(facts),
    answersSection(facts, pngOf),
    recipeSection(facts),
    dataSection(facts),
    machineSection(facts),
    costsSection(facts),
    ...(facts.tab ? [] : [filesSection(facts)]),
  ];
  const data = { plots: plotsOf(facts) };
  // the browser asks for an icon unless it is given one
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${facts.name} – training run</title>
<style>${new Html(uplot.style)}${new Html(style)}</style>
</head>
<body>
${heading(facts, sections)}
<main>
${sections.map(({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>\n${body}</section>\n`)}
</main>
<footer><p>Written by tensorone; curves by uPlot (MIT). This page asks for nothing from the network.</p></footer>
<script type="application/json" id="plots">${inScript(data)}</script>
<script>
/*
uPlot
${new Html(uplot.license.replaceAll("*/", "* /"))}*/
${new Html(uplot.script)}
(${new Html(startPage.toString())})();
</script>
</body>
</html>
`;
  return page.text;
}
