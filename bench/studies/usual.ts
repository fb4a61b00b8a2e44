/** What is measured when no study is named. */
import { describeMachine, machineLine } from "../measure/machine.js";
import { againstFileOption, jsonOption, quickOption, saveOption, threadsOption, trainingOption } from "../options.js";
import { finish, readAgainst } from "../report/finish.js";
import { defineStudy } from "../study.js";
import { runKernels } from "./kernels.js";
import { runSteps } from "./step.js";

export const study = defineStudy({
  name: "usual",
  help: "kernels, then step",
  options: {
    threads: threadsOption("1 for kernels, 1,2 for steps"),
    training: trainingOption,
    quick: quickOption,
    against: againstFileOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: ["usual --quick", "usual --against bench/results/step.json"],
  async run(values, _, tell) {
    const before = readAgainst(values.against);
    const machine = describeMachine();
    tell(machineLine(machine));
    const kernels = await runKernels({ ...values, filter: undefined }, tell);
    const steps = await runSteps({ ...values, imageSize: undefined, batch: undefined, profile: false }, tell);
    finish("kernels and step", machine, { ...kernels, steps }, before, values, tell);
  },
});
