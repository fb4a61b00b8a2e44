/** PyTorch as the other side of a test: golden/io/round-trip.py, where a Python with torch is installed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { golden } from "./fixtures.js";

const candidates = [process.env.TORCH_PYTHON, "python3", "/usr/bin/python3"].filter((path) => path !== undefined);
const python = candidates.find((path) => spawnSync(path, ["-c", "import torch"]).status === 0);

export const hasTorch = python !== undefined;
if (!hasTorch)
  console.warn(
    "tests against PyTorch are skipped: no python3 has torch (apt-get install python3-torch, or TORCH_PYTHON=FILE)",
  );

/** Does the tasks of each action and returns their answers under the same names. */
export function askTorch<Answer>(job: { readonly [action: string]: readonly object[] }): Answer {
  const run = spawnSync(python!, ["-B", join(golden, "round-trip.py")], {
    input: JSON.stringify(job),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Answer;
}
