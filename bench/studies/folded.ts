/**
 * Folded against plain training of MobileOne-S0, by hand: `node build/bench/folded.js speed` times steps of both forms by
 * turns, `… accuracy [SEED…]` compares their first float32 gradients with the float64 one (minutes per seed). Each renews
 * its half of bench/results/folded-training.json and .md.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine, type Machine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import { writeWhole } from "../report/results.js";
import { type AccuracyRow, measureAccuracy } from "./folded-accuracy.js";
import { measureSpeed, type SpeedRow } from "./folded-speed.js";

interface Report {
  speed?: { readonly machine: Machine; readonly rows: readonly SpeedRow[] };
  accuracy?: { readonly machine: Machine; readonly rows: readonly AccuracyRow[] };
}

const path = join(resultsFolder, "folded-training.json");

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

const [mode = "speed", ...rest] = process.argv.slice(2);
const report: Report = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : {};
const machine = describeMachine();
if (mode === "accuracy") {
  const rows: AccuracyRow[] = [];
  for (const seed of rest.length > 0 ? rest.map(Number) : [0]) rows.push(await measureAccuracy(seed));
  report.accuracy = { machine, rows };
} else report.speed = { machine, rows: await measureSpeed() };
writeWhole(path, `${JSON.stringify(report, null, 1)}\n`);
writeWhole(path.replace(/json$/, "md"), asMarkdown(report));
console.log(asMarkdown(report));
process.exit(0);
