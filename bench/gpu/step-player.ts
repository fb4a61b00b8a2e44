/** A process that trains S0 on the gpu backend step by step when told to (see ../measure/player.ts): node step-player.js WORK */
import { createInterface } from "node:readline";
import { setBackend } from "../../src/index.js";
import { training } from "./steps.js";

const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const work = JSON.parse(process.argv[2]!) as Parameters<typeof training>[0];
await setBackend("gpu", { allowSoftware: true });
const step = training(work);
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  const start = performance.now();
  await step();
  say({ ms: performance.now() - start });
}
say({ peakResidentBytes: 1024 * process.resourceUsage().maxRSS });
process.exit();
