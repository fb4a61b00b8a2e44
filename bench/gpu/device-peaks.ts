/** The most that a device does: multiply-adds that touch no memory, and a copy that does nothing else. Plain WebGPU. */
import { openDevice } from "../../src/backends/gpu/device.js";

export interface DevicePeaks {
  /** A multiply-add counts two. */
  readonly gflops: number;
  /** Read and written. */
  readonly gbps: number;
  readonly copiedBytes: number;
}

const THREADS = 256;
/** Chains that do not wait for each other. */
const CHAINS = 8;
const LANES = 4;
const ROUNDS = 256;
const STORAGE_COPY = 0x80 | 0x08 | 0x04;

const chains = (text: (i: number) => string): string => Array.from({ length: CHAINS }, (_, i) => text(i)).join("\n  ");

/** The end depends on every chain and on the thread, so that no compiler leaves one out. */
const multiplyAdds = `@group(0) @binding(0) var<storage, read_write> y : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let a = vec4<f32>(f32(id.x & 7u) * 1e-3 + 0.5);
  ${chains((i) => `var c${i} = vec4<f32>(f32(id.x) + ${i}.0);`)}
  for (var k = 0u; k < ${ROUNDS}u; k++) {
  ${chains((i) => `c${i} = fma(c${i}, a, a);`)}
  }
  y[id.x % arrayLength(&y)] = ${Array.from({ length: CHAINS }, (_, i) => `c${i}`).join(" + ")};
}`;

const copying = `@group(0) @binding(0) var<storage, read_write> y : array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>, @builtin(num_workgroups) groups : vec3<u32>) {
  for (var i = id.x; i < arrayLength(&y); i += groups.x * ${THREADS}u) { y[i] = x[i]; }
}`;

async function bestMs(gpu: GPUDevice, code: string, buffers: readonly GPUBuffer[], groups: number): Promise<number> {
  const module = gpu.createShaderModule({ code });
  const pipeline = gpu.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const round = async (repeats: number): Promise<number> => {
    const start = performance.now();
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(groups);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
    return (performance.now() - start) / repeats;
  };
  await round(1);
  // long enough that the way to the device and back does not show
  const repeats = Math.max(1, Math.min(1000, Math.ceil(50 / (await round(1)))));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) best = Math.min(best, await round(repeats));
  return best;
}

/** Throws BackendError where no device answers. */
export async function measureDevicePeaks(isQuick: boolean): Promise<DevicePeaks> {
  const device = await openDevice();
  const { gpu, info } = device;
  const isSmall = isQuick || info.isSoftware;
  const copiedBytes = isSmall ? 2 ** 25 : 2 ** 28;
  const groups = isSmall ? 64 : 16_384;
  const [x, y] = [0, 1].map(() => gpu.createBuffer({ size: copiedBytes, usage: STORAGE_COPY })) as [
    GPUBuffer,
    GPUBuffer,
  ];
  const flopMs = await bestMs(gpu, multiplyAdds, [y], groups);
  const copyMs = await bestMs(gpu, copying, [y, x], isSmall ? 64 : 4096);
  device.check();
  device.dispose();
  return {
    gflops: (groups * THREADS * ROUNDS * CHAINS * LANES * 2) / flopMs / 1e6,
    gbps: (2 * copiedBytes) / copyMs / 1e6,
    copiedBytes,
  };
}
