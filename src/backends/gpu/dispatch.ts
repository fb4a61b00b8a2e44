/** A call bound to its parameters: what a compute pass is told, and nothing to look up on the way. */
import type { Call } from "./calls.js";
import { type Block, bindingOf } from "./parameter-pages.js";

export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export function bindCall(device: GPUDevice, { pipeline, bound, groups }: Call, block: Block): Dispatch {
  const bindGroup = device.createBindGroup({
    layout: pipeline.layout,
    entries: [
      { binding: 0, resource: bindingOf(block, pipeline.parameterBytes) },
      ...bound.map(({ pooled, offsetBytes, bytes }, i) => ({
        binding: 1 + i,
        resource: { buffer: pooled.buffer, offset: offsetBytes, size: bytes },
      })),
    ],
  });
  return { pipeline: pipeline.pipeline, bindGroup, x: groups[0], y: groups[1], z: groups[2] };
}

/** All dispatches in one pass. */
export function encodePass(
  encoder: GPUCommandEncoder,
  dispatches: readonly Dispatch[],
  descriptor?: GPUComputePassDescriptor,
): void {
  const pass = encoder.beginComputePass(descriptor);
  let current: GPUComputePipeline | null = null;
  for (const { pipeline, bindGroup, x, y, z } of dispatches) {
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, bindGroup);
    // a number less is a conversion less on the way to the device
    if (z !== 1) pass.dispatchWorkgroups(x, y, z);
    else if (y !== 1) pass.dispatchWorkgroups(x, y);
    else pass.dispatchWorkgroups(x);
  }
  pass.end();
}
