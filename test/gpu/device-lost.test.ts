/** A device that is lost in the middle of a training: what is told, what stays, and that the run goes on to the same bits. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lossTrials } from "../../bench/soak/lose-device.js";
import "../../src/index.js";
import { noDriver } from "./software-vulkan.js";

it.skipIf(noDriver !== null)(
  "tells it and goes on, by itself and by hand (20 trials of 200 steps: soak campaign gpu-lost)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tensorone-lost-"));
    const report = await lossTrials({ trials: 4, steps: 12, saveEvery: 4, seed: 5, folder });
    rmSync(folder, { recursive: true });
    expect(report).toMatchObject({ trials: 4, clearErrors: 4, resumes: 4, failures: [] });
  },
);
