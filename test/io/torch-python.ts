/** The Python that has PyTorch and torchvision, for tests that compare with it while they run. */
import { spawnSync } from "node:child_process";

const candidates = [process.env.TORCH_PYTHON, "python3", "/usr/bin/python3"].filter((path) => path !== undefined);
export const torchPython = candidates.find((path) => spawnSync(path, ["-c", "import torch, torchvision"]).status === 0);

export const hasTorch = torchPython !== undefined;
if (!hasTorch)
  console.warn(
    "tests against PyTorch are skipped: no python3 has torch and torchvision (apt-get install python3-torchvision, or TORCH_PYTHON=FILE)",
  );
