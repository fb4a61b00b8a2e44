/**
 * Finds a WebGPU device, in Node through Dawn (npm `webgpu`) and in a browser through its own, asks it for its largest
 * limits, and collects its errors, which WebGPU reports on the device, long after the call that caused them.
 */
import { BackendError, DeviceError, DeviceLostError, MemoryError, type TensoroneError } from "../../util/errors.js";
import { installLine } from "../../util/optional-packages.js";
import { isNode } from "../../util/platform.js";
import type { DeviceInfo } from "../contract.js";

export interface Device {
  readonly gpu: GPUDevice;
  readonly info: DeviceInfo;
  /**
   * Throws what the device has reported first since the last call: MemoryError where it was out of memory, with the bytes
   * that `heldBytes` says are held, DeviceError for what it refused; DeviceLostError at every call once it is lost.
   */
  check(heldBytes?: number): void;
  dispose(): void;
}

/** Timestamps to the nanosecond, not rounded to a tenth of a millisecond as for pages one does not trust. */
const DAWN_OPTIONS = ["disable-dawn-features=timestamp_quantization"];

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
] as const;
const wantedFeatures: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

/** Array arguments and the output of the largest kernel. */
const STORAGE_BUFFERS = 8;

async function entryPoint(): Promise<GPU> {
  const own = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (own) return own;
  if (!isNode)
    throw new BackendError(
      "gpu: this browser has no WebGPU",
      'setBackend("gpu", { mode: "webasm" }) is slow and right; setBackend("wasm") is fast',
    );
  try {
    const dawn = (await import("#webgpu")) as unknown as { readonly create: ((options: string[]) => GPU) | null };
    if (dawn.create === null)
      throw new Error("this is a bundle for browsers, esbuild --platform=node makes one for Node");
    return dawn.create(DAWN_OPTIONS);
  } catch (error) {
    throw new BackendError(
      `gpu: WebGPU for Node cannot be loaded (${error instanceof Error ? error.message.split("\n")[0] : error})`,
      installLine("gpu.js", "webgpu"),
    );
  }
}

/** By the name of the class of WebGPU's error. */
const problems: Readonly<Record<string, (message: string, heldBytes: number) => TensoroneError>> = {
  GPUOutOfMemoryError: (message, heldBytes) =>
    new MemoryError(
      `gpu: the device is out of memory, ${heldBytes} bytes are held there: ${message}`,
      "a smaller batch or image size",
    ),
  GPUValidationError: (message) => new DeviceError(`gpu: the device refuses: ${message}`),
  GPUInternalError: (message) => new DeviceError(`gpu: the device fails: ${message}`),
};
const someProblem = (message: string) => new DeviceError(`gpu: the device reports: ${message}`);

const softwareNames = /llvmpipe|swiftshader|software|lavapipe/i;

async function deviceOf(adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
      requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    });
  } catch (error) {
    throw new BackendError(
      `gpu: an adapter answers, but opens no device (${error instanceof Error ? error.message.split("\n")[0] : error})`,
      "its memory may be taken by another process",
    );
  }
}

/** Throws BackendError with what to do where no adapter answers, or one that computes on the processor and is not wanted. */
export async function openDevice(allowSoftware = true): Promise<Device> {
  // Dawn's adapters live as long as their entry point
  const entry = await entryPoint();
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new BackendError(
      "gpu: WebGPU is here, but no adapter answers",
      isNode
        ? "a GPU needs its Vulkan driver and libvulkan1; without a GPU: node scripts/software-vulkan.mjs, or mode webasm"
        : 'the browser found no usable GPU; setBackend("wasm") runs on the processor',
    );
  if (adapter.limits.maxStorageBuffersPerShaderStage < STORAGE_BUFFERS)
    throw new BackendError(
      `gpu: the adapter takes ${adapter.limits.maxStorageBuffersPerShaderStage} buffers per kernel, expected ${STORAGE_BUFFERS}`,
    );
  const { vendor, architecture, description } = adapter.info;
  const isSoftware =
    Boolean((adapter.info as { isFallbackAdapter?: boolean }).isFallbackAdapter) ||
    softwareNames.test(`${architecture} ${description}`);
  if (isSoftware && !allowSoftware)
    throw new BackendError(
      `gpu: the adapter is software on the processor (${description || architecture}), expected a GPU`,
      `setBackend("wasm") is faster; for tests: setBackend("gpu", { allowSoftware: true })${isNode ? " or TENSORONE_ALLOW_SOFTWARE=1" : ""}`,
    );
  const gpu = await deviceOf(adapter);
  let problem: GPUError | null = null;
  gpu.onuncapturederror = ({ error }) => {
    problem ??= error;
  };
  let loss: string | null = null;
  let isEnding = false;
  gpu.lost.then(({ reason, message }) => {
    if (!isEnding) loss = message || reason;
  });
  return {
    gpu,
    info: { vendor, architecture, description, isSoftware },
    check(heldBytes = 0) {
      if (loss !== null)
        throw new DeviceLostError(
          `gpu: the device was lost: ${loss.split("\n")[0]}`,
          "its driver has ended it, most likely for a fault or a kernel that ran too long: start the process again",
        );
      const found = problem;
      problem = null;
      if (found) throw (problems[found.constructor.name] ?? someProblem)(found.message, heldBytes);
    },
    dispose() {
      isEnding = true;
      gpu.destroy();
      void entry;
    },
  };
}
