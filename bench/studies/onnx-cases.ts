/** What becomes of ONNX's backend tests on each backend; judged by test/onnx-cases, which this writes the page of. */
import { join } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { isInstalled } from "../../test/onnx-cases/cases.js";
import { type BackendOutcomes, onnxPage } from "../../test/onnx-cases/page.js";
import { backendsOfCases, runAll } from "../../test/onnx-cases/run-all.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import { writeIndex, writeWhole } from "../report/results.js";
import { defineStudy } from "../study.js";

export const study = defineStudy({
  name: "onnx-cases",
  help: "ONNX's 1,072 backend tests by public calls: right, wrong, not expressible with the reason; measures nothing",
  options: {},
  examples: ["onnx-cases"],
  async run(_, __, tell) {
    if (!isInstalled)
      throw new UsageError("bench: ONNX's backend tests are not installed", "apt-get install libonnx-testdata");
    const all: BackendOutcomes[] = [];
    for (const backend of backendsOfCases) all.push({ backend, outcomes: await runAll(backend) });
    const path = join(resultsFolder, "onnx-backend-tests.md");
    writeWhole(path, onnxPage(all, machineLine(describeMachine())));
    writeIndex(resultsFolder);
    tell(`saved ${path}`);
  },
});
