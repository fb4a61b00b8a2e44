/**
 * Running statistics from one process to all: every replica has its own, and those of replica 0 are what is validated and
 * saved.
 */
import type { Module } from "../../nn/module.js";
import type { ProcessGroup } from "./process-group.js";

/** Overwrites the buffers of `model` with rank 0's. */
export async function shareBuffers(model: Module, group: ProcessGroup): Promise<void> {
  if (group.worldSize === 1) return;
  const buffers = [...model.namedBuffers().values()];
  const bytes = new Uint8Array(buffers.reduce((sum, tensor) => sum + tensor.bytes, 0));
  const values = await Promise.all(buffers.map((tensor) => tensor.data()));
  let end = 0;
  const places = values.map(({ buffer, byteOffset, byteLength }) => {
    const place = bytes.subarray(end, end + byteLength);
    place.set(new Uint8Array(buffer, byteOffset, byteLength));
    end += byteLength;
    return place;
  });
  await group.broadcast(bytes);
  if (group.rank === 0) return;
  buffers.forEach((tensor, i) => {
    const own = values[i]!;
    new Uint8Array(own.buffer, own.byteOffset, own.byteLength).set(places[i]!);
    tensor.write(own);
  });
}
