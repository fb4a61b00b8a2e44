/** The head of the page: which run, how it ended, and the few figures that say most. */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatInteger,
  formatLoss,
  formatPercent,
  formatSpeed,
} from "../../util/format.js";
import { type RunFacts, valueOr } from "../facts/run-facts.js";
import { type Html, html, type Part } from "../page/html.js";
import { medianSpeed, runMs } from "./machine.js";
import type { Section } from "./section.js";

/** How far the run is. */
function stateOf({ checkpoint, log, sessions }: RunFacts): string {
  const step = Math.max(checkpoint?.progress.step ?? 0, valueOr(log, null)?.lastStep ?? 0);
  const stepsPerEpoch = sessions.at(-1)?.stepsPerEpoch;
  const epochs = checkpoint?.recipe.epochs;
  const planned = stepsPerEpoch !== undefined && epochs !== undefined ? stepsPerEpoch * epochs : null;
  if (step === 0) return "no step done yet";
  if (planned === null) return `at step ${formatInteger(step)}`;
  if (step >= planned) return `finished after ${formatInteger(step)} steps, ${epochs} epochs`;
  return `ended at step ${formatInteger(step)} of ${formatInteger(planned)}, in epoch ${Math.floor((step - 1) / stepsPerEpoch!) + 1} of ${epochs}`;
}

interface Key {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

/** The best top-1 and where it was reached; null without validations. */
function bestOf({ log }: RunFacts): { readonly top1: number; readonly epoch: number } | null {
  const known = (valueOr(log, null)?.validations ?? []).filter(({ figures }) => figures.top1 !== undefined);
  if (known.length === 0) return null;
  const best = known.reduce((a, b) => (b.figures.top1! > a.figures.top1! ? b : a));
  return { top1: best.figures.top1!, epoch: best.epoch };
}

function keysOf(facts: RunFacts): Key[] {
  const { log, costs, files } = facts;
  const known = valueOr(log, null);
  const last = known?.validations.at(-1);
  const best = bestOf(facts);
  const [speed, time] = [medianSpeed(facts), runMs(facts)];
  const totals = valueOr(costs, null);
  const folded = files.find(({ path }) => path === "model-deploy.safetensors");
  const keys: (Key | null)[] = [
    last?.figures.top1 === undefined
      ? null
      : {
          name: "validation, top-1",
          value: formatPercent(last.figures.top1),
          note:
            best && best.top1 > last.figures.top1
              ? `best ${formatPercent(best.top1)} in epoch ${best.epoch}`
              : "the best of the run",
        },
    last?.figures.loss === undefined
      ? null
      : {
          name: "validation, loss",
          value: formatLoss(last.figures.loss),
          note: `train ${formatLoss(known!.lastLoss)} at the last step`,
        },
    known && known.steps > 0
      ? facts.tab
        ? { name: "epochs", value: formatInteger(known.lastEpoch), note: "and fits of the classifier" }
        : { name: "steps", value: formatInteger(known.lastStep), note: `epoch ${known.lastEpoch}` }
      : null,
    Number.isNaN(time) ? null : { name: "time", value: formatDuration(time), note: "" },
    Number.isNaN(speed) ? null : { name: "speed", value: formatSpeed(speed), note: "images a second, median" },
    totals
      ? {
          name: "folded",
          value: formatCount(totals.deploy.parameters),
          note: `parameters, from ${formatCount(totals.train.parameters)}${folded ? `; ${formatBytes(folded.bytes)}` : ""}`,
        }
      : null,
  ];
  return keys.filter((key) => key !== null);
}

export function heading(facts: RunFacts, sections: readonly Section[]): Html {
  const { name, checkpoint, sessions, tab } = facts;
  const model = checkpoint?.recipe.model ?? tab?.model;
  const classes = checkpoint?.numClasses ?? tab?.classes;
  const begun = sessions[0]?.startedAt.slice(0, 10);
  const words: Part[] = [
    model !== undefined && html`<strong>${model}</strong>, `,
    classes !== undefined && `${formatInteger(classes)} ${classes === 1 ? "class" : "classes"}, `,
    tab ? "trained in a browser's tab" : stateOf(facts),
    begun !== undefined && `, begun on ${begun}`,
  ];
  const keys = keysOf(facts);
  return html`<header>
<p class="eyebrow">Training run</p>
<h1>${name}</h1>
<p class="soft">${words}.</p>
${
  keys.length > 0 &&
  html`<dl class="keys">${keys.map(
    ({ name: key, value, note }) =>
      html`<div><dt>${key}</dt><dd>${value}${note !== "" && html`<small>${note}</small>`}</dd></div>`,
  )}</dl>`
}
<nav aria-label="Sections">${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>
</header>`;
}
