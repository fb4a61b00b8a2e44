/** What a step holds by the engine's own count and by the card's, and how much the device gives before it says no. */
import { withBackend } from "../../../../src/backends/backend.js";
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { type Tensor, zeros } from "../../../../src/index.js";
import { measureWork } from "../../steps.js";
import type { Telling } from "../part.js";
import { outputOf } from "./device.js";

const GiB = 2 ** 30;
const card = { imageSize: 224, batches: [32, 128, 256], mostGiB: 256 } as const;
/** A software device takes the machine's own memory. */
const software = { imageSize: 32, batches: [2, 8], mostGiB: 1 } as const;
/** Of one tensor in the search for the end: below what any device binds. */
const PIECE_BYTES = 2 ** 26;

const usedOnCard = (): string =>
  outputOf("nvidia-smi", ["--query-gpu=memory.used,memory.total", "--format=csv,noheader"]);

export async function run({ isQuick, row, note, hasTime }: Telling): Promise<void> {
  const probe = await createGpuBackend();
  const { isSoftware } = probe.device!;
  await probe.dispose();
  const { imageSize, batches, mostGiB } = isQuick || isSoftware ? software : card;
  for (const batch of batches) {
    const work = { form: "train", model: "mobileone_s0", batch, imageSize, samples: 1 } as const;
    let used = "";
    const { row: found } = await measureWork(work, false, () => {
      used = usedOnCard();
    });
    row("S0's training step", {
      px: imageSize,
      batch,
      "engine's GiB": found.deviceBytes === null ? null : found.deviceBytes / GiB,
      "nvidia-smi": used,
      "process MiB": process.memoryUsage().rss / 2 ** 20,
      ...(found.problem === null ? {} : { problem: found.problem }),
    });
  }
  const backend = await createGpuBackend();
  await withBackend(backend, async () => {
    const held: Tensor[] = [];
    try {
      while (held.length * PIECE_BYTES < mostGiB * GiB && hasTime(1000)) {
        held.push(zeros([PIECE_BYTES / 4]));
        // what was refused is told with the next read
        if (held.length % 16 === 0) await held.at(-1)!.slice([0], [1]).data();
      }
      note(
        `${((held.length * PIECE_BYTES) / GiB).toFixed(1)} GiB were taken in pieces of 64 MiB, none refused; more was not asked for.`,
      );
    } catch (error) {
      note(
        `After ${((held.length * PIECE_BYTES) / GiB).toFixed(1)} GiB in pieces of 64 MiB: ${(error as Error).name}: ${(error as Error).message.split("\n")[0]}`,
      );
    }
  });
}
