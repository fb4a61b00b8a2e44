/** GFLOP/s of S0's matrix products beside what the device does at most, measured. */
import { withBackend } from "../../../../src/backends/backend.js";
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { measureDevicePeaks } from "../../device-peaks.js";
import { measureProducts } from "../../products.js";
import type { Telling } from "../part.js";

export async function run({ isQuick, row }: Telling): Promise<void> {
  const peaks = await measureDevicePeaks(isQuick);
  row("peaks, measured", { what: "float32 multiply-adds in registers", value: peaks.gflops, unit: "GFLOP/s" });
  row("peaks, measured", { what: `copy of ${peaks.copiedBytes / 2 ** 20} MiB`, value: peaks.gbps, unit: "GB/s" });
  const backend = await createGpuBackend();
  await withBackend(backend, () =>
    measureProducts(
      backend.device!.isSoftware,
      isQuick,
      () => {},
      ({ name, tiledGflops, gpujsGflops }) =>
        row("products", {
          "m × n × k": name,
          "WGSL GFLOP/s": tiledGflops,
          "of peak": `${((100 * tiledGflops) / peaks.gflops).toFixed(0)} %`,
          "gpu.js GFLOP/s": gpujsGflops,
        }),
    ),
  );
  await backend.dispose();
}
