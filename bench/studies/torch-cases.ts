/** How far random calls are from PyTorch; judged by test/torch-cases, which this writes the page of. */
import { join } from "node:path";
import { integer } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { hasTorch } from "../../test/io/torch-python.js";
import { casesOf } from "../../test/torch-cases/cases.js";
import { joined, torchPage } from "../../test/torch-cases/page.js";
import { type Report, runAll } from "../../test/torch-cases/run-all.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import { writeIndex, writeWhole } from "../report/results.js";
import { defineStudy } from "../study.js";

export const study = defineStudy({
  name: "torch-cases",
  help: "random calls of every function and layer against PyTorch's float64: worst distances; measures no time",
  options: {
    seeds: integer({ default: 20, min: 1, help: "how many seeds" }),
    cases: integer({ default: 2000, min: 1, help: "cases of each seed" }),
  },
  examples: ["torch-cases", "torch-cases --seeds 3 --cases 500"],
  async run({ seeds: count, cases }, _, tell) {
    if (!hasTorch)
      throw new UsageError("bench: no python3 has torch", "apt-get install python3-torch, or TORCH_PYTHON=FILE");
    const seeds = Array.from({ length: count }, (_, i) => i + 1);
    const reports: Report[] = [];
    for (const seed of seeds) {
      const report = await runAll(casesOf(seed, cases));
      tell(`seed ${seed}: ${report.problems.length} of ${cases} cases are wrong`);
      for (const problem of report.problems) tell(problem);
      reports.push(report);
    }
    const path = join(resultsFolder, "torch-cases.md");
    writeWhole(path, torchPage(joined(reports), seeds, machineLine(describeMachine())));
    writeIndex(resultsFolder);
    tell(`saved ${path}`);
  },
});
