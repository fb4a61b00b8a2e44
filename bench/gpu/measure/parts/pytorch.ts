/**
 * S0's training step in PyTorch on the same card: each way of PyTorch in turn with ours, so that heat and other jobs hit both
 * alike. Where no Python with PyTorch and CUDA is found, it says where it has looked.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { Player, takeTurns } from "../../../measure/player.js";
import { median, spread } from "../../../measure/stats.js";
import { repositoryRoot } from "../../../paths.js";
import type { Telling } from "../part.js";

const candidates = [
  process.env.TORCH_PYTHON,
  "python3",
  "python",
  "/usr/bin/python3",
  "/usr/local/bin/python3",
  "/opt/conda/bin/python",
  "/opt/venv/bin/python",
].filter((name) => name !== undefined && name !== "") as string[];

/** cpu is for trying this part where there is no card. */
const device = process.env.TORCH_DEVICE === "cpu" ? "cpu" : "cuda";
const PROBE = `import torch; print(torch.__version__, torch.version.cuda, ${device === "cpu" ? '"cpu"' : "torch.cuda.get_device_name(0)"})`;

function findPython(): { readonly python: string; readonly about: string } | string {
  const problems: string[] = [];
  for (const python of candidates)
    try {
      const about = execFileSync(python, ["-c", PROBE], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 60_000,
      });
      return { python, about: about.trim() };
    } catch (error) {
      const lines = String((error as { stderr?: unknown }).stderr || (error as Error).message)
        .trim()
        .split("\n");
      problems.push(`${python}: ${lines.at(-1)}`);
    }
  return problems.join("; ");
}

/** As step_torch.py knows them; compiling takes a minute, so it comes last. */
const ways = ["eager", "channels_last", "autocast", "compile"] as const;
const WAY_MS = 30_000;

const ourPlayer = join(repositoryRoot, "build", "bench", "gpu", "step-player.js");
const theirPlayer = join(repositoryRoot, "bench", "compare", "step_torch.py");

export async function run({ isQuick, row, note, hasTime }: Telling): Promise<void> {
  const found = findPython();
  if (typeof found === "string") {
    note(`Left out: no Python with PyTorch and CUDA was found. ${found}`);
    return;
  }
  note(`${found.python}: PyTorch, CUDA, card: ${found.about}`);
  const probe = await createGpuBackend();
  const isSmall = isQuick || probe.device!.isSoftware;
  await probe.dispose();
  const work = JSON.stringify({ model: "mobileone_s0", imageSize: isSmall ? 32 : 224, batch: isSmall ? 8 : 128 });
  const ours = await Player.start("tensorone", process.execPath, [ourPlayer, work]);
  if (typeof ours === "string") throw new Error(ours);
  for (const way of ways) {
    if (!hasTime(WAY_MS)) {
      note(`No time was left for ${way}.`);
      break;
    }
    try {
      const theirs = await Player.start(`PyTorch ${way}`, found.python, [theirPlayer, work, way]);
      if (typeof theirs === "string") throw new Error(theirs);
      const times = await takeTurns([ours, theirs], isSmall ? { warmUp: 3, counted: 3 } : { warmUp: 5, counted: 15 });
      const { batch } = JSON.parse(work) as { batch: number };
      ["tensorone", `PyTorch ${way}`].forEach((name, i) => {
        const medianMs = median(times[i]!);
        row("S0's training step, by turns", {
          ...{ name, batch, "images/s": (1000 * batch) / medianMs, "step ms": medianMs },
          spread: `±${(50 * spread(times[i]!)).toFixed(0)} %`,
        });
      });
      await theirs.end();
    } catch (error) {
      row("S0's training step, by turns", {
        name: `PyTorch ${way}`,
        problem: (error as Error).message.split("\n")[0]!,
      });
    }
  }
  ours.stop();
}
