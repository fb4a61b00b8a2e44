/**
 * A WebGPU device that computes nothing: it counts dispatches, bindings and bytes, insists on its limits, and fails when told
 * to. The real lowerings run on it in seconds at sizes that a software device would take hours for. Memory counts as the
 * driver holds it: what is destroyed is given back when the work before it is done, which is when somebody has waited.
 */
export interface CountedLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
}

const MiB = 2 ** 20;
/** What every WebGPU device gives at least; no adapter is asked for less. */
export const webgpuDefaults: CountedLimits = {
  maxStorageBufferBindingSize: 128 * MiB,
  maxBufferSize: 256 * MiB,
  maxStorageBuffersPerShaderStage: 8,
};
/** Dawn's on NVIDIA cards of 80 GB: bindings below 2 GiB, 16 buffers a stage. */
export const largeCard: CountedLimits = {
  maxStorageBufferBindingSize: 2 ** 31 - 4,
  maxBufferSize: 2 ** 36,
  maxStorageBuffersPerShaderStage: 16,
};
const fixedLimits = {
  maxComputeWorkgroupStorageSize: 49_152,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
};
const GROUPS_A_SIDE = 65_535;
const OFFSET_ALIGNMENT = 256;

export interface CountedDispatch {
  readonly name: string;
  readonly groups: readonly [number, number, number];
  /** Of each array. */
  readonly bytes: readonly number[];
}

interface CountedBuffer {
  readonly size: number;
  isGone: boolean;
}
interface Bound {
  readonly buffer: CountedBuffer;
  readonly offset?: number;
  readonly size: number;
}

/** WebGPU's error classes, told apart by their names. */
const errorClasses = {
  GPUOutOfMemoryError: class GPUOutOfMemoryError extends Error {},
  GPUValidationError: class GPUValidationError extends Error {},
  GPUInternalError: class GPUInternalError extends Error {},
} as const;

const refuse = (what: string): never => {
  throw new Error(`counting device: ${what}`);
};

export class CountingDevice {
  readonly limits: CountedLimits;
  readonly dispatches: CountedDispatch[] = [];
  /** Held by the driver now, and at most so far. */
  liveBytes = 0;
  peakBytes = 0;
  /** What navigator.gpu would be. */
  readonly entry: GPU;
  /** Given back by JavaScript, not yet by the driver. */
  #ending = 0;
  #tellLoss: (info: { reason: string; message: string }) => void = () => {};
  #isLost = false;
  #device: { onuncapturederror: ((event: { error: Error }) => void) | null } | null = null;

  constructor(limits: CountedLimits) {
    this.limits = limits;
    const adapter = {
      limits: { ...fixedLimits, ...limits },
      features: new Set<string>(),
      info: { vendor: "nobody", architecture: "", description: "a device that counts" },
      requestDevice: async () => this.#open(),
    };
    this.entry = { requestAdapter: async () => adapter } as unknown as GPU;
  }

  /** As if the driver had reported an error of a call before. */
  fail(name: keyof typeof errorClasses, message: string): void {
    this.#device!.onuncapturederror!({ error: new errorClasses[name](message) });
  }

  lose(message: string): void {
    this.#isLost = true;
    this.#tellLoss({ reason: "unknown", message });
  }

  #workDone(): void {
    this.liveBytes -= this.#ending;
    this.#ending = 0;
  }

  #createBuffer({ size }: { readonly size: number }): object {
    if (size > this.limits.maxBufferSize) refuse(`a buffer of ${size} bytes, at most ${this.limits.maxBufferSize}`);
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    const buffer = {
      size,
      isGone: false,
      destroy: () => {
        if (!buffer.isGone) this.#ending += size;
        buffer.isGone = true;
      },
      mapAsync: async () => {
        await Promise.resolve();
        if (this.#isLost) throw new DOMException("", "AbortError");
        this.#workDone();
      },
      getMappedRange: () => new ArrayBuffer(size),
    };
    return buffer;
  }

  #createBindGroup({ entries }: { readonly entries: readonly { readonly resource: Bound }[] }): object {
    const arrays = entries.slice(1).map(({ resource }) => resource);
    if (arrays.length > this.limits.maxStorageBuffersPerShaderStage) refuse(`${arrays.length} arrays bound at once`);
    for (const { buffer, offset = 0, size } of arrays) {
      if (buffer.isGone) refuse("a destroyed buffer is bound");
      if (size > this.limits.maxStorageBufferBindingSize)
        refuse(`a binding of ${size} bytes, at most ${this.limits.maxStorageBufferBindingSize}`);
      if (offset % OFFSET_ALIGNMENT !== 0) refuse(`a binding from byte ${offset}`);
      if (offset + size > buffer.size) refuse(`a binding of ${offset} + ${size} bytes of a buffer of ${buffer.size}`);
    }
    return { arrays };
  }

  #encoder(): object {
    let pipeline = { label: "" };
    let arrays: readonly Bound[] = [];
    const pass = {
      setPipeline: (next: typeof pipeline) => {
        pipeline = next;
      },
      setBindGroup: (_: number, group: { readonly arrays: readonly Bound[] }) => {
        arrays = group.arrays;
      },
      dispatchWorkgroups: (x: number, y = 1, z = 1) => {
        if (Math.max(x, y, z) > GROUPS_A_SIDE) refuse(`${pipeline.label}: ${[x, y, z]} workgroups`);
        for (const { buffer } of arrays) if (buffer.isGone) refuse(`${pipeline.label} uses a destroyed buffer`);
        this.dispatches.push({ name: pipeline.label, groups: [x, y, z], bytes: arrays.map(({ size }) => size) });
      },
      end: () => {},
    };
    return { beginComputePass: () => pass, copyBufferToBuffer: () => {}, clearBuffer: () => {}, finish: () => ({}) };
  }

  #open(): GPUDevice {
    const lost = new Promise((resolve) => {
      this.#tellLoss = resolve;
    });
    const device = {
      limits: { ...fixedLimits, ...this.limits },
      features: new Set<string>(),
      onuncapturederror: null,
      lost,
      createBuffer: (about: { readonly size: number }) => this.#createBuffer(about),
      createBindGroupLayout: (about: object) => about,
      createPipelineLayout: (about: object) => about,
      createShaderModule: (about: object) => about,
      createComputePipeline: ({ label }: { readonly label: string }) => ({ label }),
      createBindGroup: (about: { readonly entries: readonly { readonly resource: Bound }[] }) =>
        this.#createBindGroup(about),
      createCommandEncoder: () => this.#encoder(),
      queue: {
        submit: () => {},
        writeBuffer: () => {},
        onSubmittedWorkDone: async () => {
          // of a lost device no work is ever done
          if (this.#isLost) await new Promise(() => {});
          this.#workDone();
        },
      },
      destroy: () => this.lose("destroyed"),
    };
    this.#device = device;
    return device as unknown as GPUDevice;
  }
}

/** Runs `body` where the device is what WebGPU finds. */
export async function asNavigator<T>(gpu: GPU, body: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true });
  try {
    return await body();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
}
