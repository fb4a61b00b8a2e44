/** The page of folded against plain training, bench/results/folded-training: one half each of folded-speed and folded-accuracy. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Machine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import type { AccuracyRow } from "../studies/folded-accuracy.js";
import type { SpeedRow } from "../studies/folded-speed.js";
import { savePage } from "./results.js";

export interface Report {
  speed?: { readonly machine: Machine; readonly rows: readonly SpeedRow[] };
  accuracy?: { readonly machine: Machine; readonly rows: readonly AccuracyRow[] };
}

const NAME = "folded-training";
const path = join(resultsFolder, `${NAME}.json`);

function asMarkdown({ speed, accuracy }: Report): string {
  const lines = ["# Folded against plain training"];
  if (speed) {
    lines.push("", `Training steps, 224x224, compiled, by turns. ${machineLine(speed.machine)}.`, "");
    lines.push(
      "| model | batch | threads | plain ms | form | ms | plain / it | peak MiB plain | peak MiB |",
      "|---|---|---|---|---|---|---|---|---|",
    );
    for (const { model, batch, threads, plain, other, form } of speed.rows) {
      const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
      lines.push(
        `| ${model} | ${batch} | ${threads} | ${plain.medianMs.toFixed(0)} (${plain.minMs.toFixed(0)}–${plain.maxMs.toFixed(0)}) | ${form} | ${other.medianMs.toFixed(0)} (${other.minMs.toFixed(0)}–${other.maxMs.toFixed(0)}) | ${(plain.medianMs / other.medianMs).toFixed(2)} | ${mebibytes(plain.temporaryBytes)} | ${mebibytes(other.temporaryBytes)} |`,
      );
    }
  }
  if (accuracy) {
    lines.push(
      "",
      `First step of S0, 224x224, float32 on wasm, against float64 branch by branch on the reference backend: |difference| / |value|. A ReLU whose input is within rounding of 0 and falls on the other side changes the gradient by 1-3 %, so its error scatters; that of the features does not. ${machineLine(accuracy.machine)}.`,
      "",
      "| seed | batch | gradient: plain | folded | features: plain | folded | folded / plain |",
      "|---|---|---|---|---|---|---|",
    );
    const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
    for (const { seed, batch, plain, folded } of accuracy.rows)
      lines.push(
        `| ${seed} | ${batch} | ${percent(plain.gradient)} | ${percent(folded.gradient)} | ${plain.features.toExponential(2)} | ${folded.features.toExponential(2)} | ${(folded.features / plain.features).toFixed(2)} |`,
      );
  }
  return `${lines.join("\n")}\n`;
}

/** Renews one half of the page and returns it whole. */
export function saveHalf(half: Report): string {
  const before: Report = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : {};
  const report = { ...before, ...half };
  const page = asMarkdown(report);
  savePage(NAME, report, page);
  return page;
}
