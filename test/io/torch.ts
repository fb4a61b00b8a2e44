/** PyTorch as the other side of a test: golden/io/round-trip.py, where a Python with torch is installed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { golden } from "./fixtures.js";
import { torchPython } from "./torch-python.js";

export { hasTorch } from "./torch-python.js";

/** Does the tasks of each action and returns their answers under the same names. */
export function askTorch<Answer>(job: { readonly [action: string]: readonly object[] }): Answer {
  const run = spawnSync(torchPython!, ["-B", join(golden, "round-trip.py")], {
    input: JSON.stringify(job),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Answer;
}
