/** Trainings on a device that is destroyed at random moments, on the software driver where there is no card. */
import { execFileSync, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { repositoryRoot } from "../paths.js";
import { type Campaign, type SoakContext, Tally } from "./campaign.js";
import type { LossReport } from "./lose-device.js";

/** What the issue asks for. */
const whole = { trials: 20, steps: 200, saveEvery: 20 };
const short = { trials: 2, steps: 12, saveEvery: 4 };

/** The exports of scripts/software-vulkan.mjs. */
function softwareVulkan(): Record<string, string> {
  const text = execFileSync(process.execPath, [join(repositoryRoot, "scripts", "software-vulkan.mjs")], {
    encoding: "utf8",
  });
  return Object.fromEntries([...text.matchAll(/^export (\w+)=([^$\n]*)/gm)].map(([, name, value]) => [name!, value!]));
}

const trial = (order: object): Promise<LossReport> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./gpu-lost-child.js", import.meta.url)), [JSON.stringify(order)], {
      env: { ...process.env, ...softwareVulkan() },
    });
    child.once("message", (message) => resolve(message as LossReport));
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`the process ended with ${code ?? signal}`)));
  });

export const campaign: Campaign = {
  help: "200 training steps on a device that is destroyed at a random moment: a clear error, or a new device, and the same bits",
  share: 3,
  async run({ isShort, folder, seed, deadline }: SoakContext) {
    const tally = new Tally();
    const report = await trial({ ...(isShort ? short : whole), folder, seed, ms: deadline - performance.now() });
    const { trials, clearErrors, resumes, failures, device } = report;
    tally.counts.push(
      { what: "an error that names itself", trials, failures: trials - clearErrors, note: device },
      { what: "resumed to the same bits", trials, failures: trials - resumes },
    );
    tally.failures.push(...failures);
    return tally.result();
  },
};
