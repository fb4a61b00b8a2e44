/** Which device answers, what it takes, and what of that the engine asks for. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { openDevice } from "../../../../src/backends/gpu/device.js";
import type { Telling } from "../part.js";

/** As a shell would: what it prints, or why not. */
export function outputOf(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 }).trim();
  } catch (error) {
    return `not there (${error instanceof Error ? error.message.split("\n")[0] : error})`;
  }
}

const CARD = "name,driver_version,memory.total,memory.used,clocks.max.sm,clocks.max.mem,power.limit,compute_cap";

export async function run({ row, note }: Telling): Promise<void> {
  row("machine", { what: "processor", value: `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads` });
  row("machine", { what: "memory", value: `${(totalmem() / 2 ** 30).toFixed(1)} GiB` });
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "LD_LIBRARY_PATH"])
    row("machine", { what: name, value: process.env[name] ?? "not set" });
  row("machine", {
    what: `nvidia-smi (${CARD})`,
    value: outputOf("nvidia-smi", [`--query-gpu=${CARD}`, "--format=csv,noheader"]),
  });
  const dawn = (await import("webgpu")) as unknown as { create(options: string[]): GPU };
  // subgroup matrices are offered to those who ask for unsafe features
  const entry = dawn.create(["enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new Error("no adapter answers: a GPU needs its Vulkan driver; VK_DRIVER_FILES names its description");
  const info = adapter.info as GPUAdapterInfo & { subgroupMatrixConfigs?: Iterable<object> };
  const { gpu, info: own, dispose } = await openDevice();
  note(
    `${own.isSoftware ? "**A software device**" : "A hardware device"}: ${own.description || own.architecture}, ${own.vendor}.`,
  );
  for (const name of ["vendor", "architecture", "device", "description", "subgroupMinSize", "subgroupMaxSize"] as const)
    row("adapter", { what: name, value: String(info[name] ?? "") });
  row("adapter", { what: "features", value: [...adapter.features].sort().join(" ") });
  row("adapter", { what: "features in use", value: [...gpu.features].sort().join(" ") });
  row("adapter", { what: "WGSL language features", value: [...(entry.wgslLanguageFeatures ?? [])].sort().join(" ") });
  const matrices = [...(info.subgroupMatrixConfigs ?? [])].map((config) => JSON.stringify(config, fieldsOf(config)));
  row("adapter", { what: "subgroup matrices", value: matrices.join(" ") || "none" });
  for (const name of Object.keys(Object.getPrototypeOf(adapter.limits) as object).sort()) {
    const limit = name as keyof GPUSupportedLimits;
    row("limits", { limit: name, adapter: Number(adapter.limits[limit]), "in use": Number(gpu.limits[limit]) });
  }
  dispose();
}

/** Dawn's objects keep their fields on the prototype, where JSON does not look. */
const fieldsOf = (config: object): string[] => Object.keys(Object.getPrototypeOf(config) as object);
