/**
 * How long dispatches take: by the device's own timestamps where it has them, else by the wall clock around each, which
 * then counts the way to the device and back as well.
 */
import { type Dispatch, encodePass } from "./dispatch.js";

export type Clock = "timestamps" | "wall clock";

/** Two timestamps a dispatch; a query set holds 4096. */
const DISPATCHES_A_SET = 2048;
const TIMESTAMP_BYTES = 8;
const QUERY_RESOLVE_COPY_SRC = 0x0200 | 0x0004;
const MAP_READ_COPY_DST = 0x0001 | 0x0008;
const MAP_MODE_READ = 1;

export const clockOf = (device: GPUDevice): Clock =>
  device.features.has("timestamp-query") ? "timestamps" : "wall clock";

/** Runs the dispatches in order, once; the milliseconds of each. */
export async function timeDispatches(device: GPUDevice, dispatches: readonly Dispatch[]): Promise<number[]> {
  if (clockOf(device) === "wall clock") return byWallClock(device, dispatches);
  const times: number[] = [];
  for (let at = 0; at < dispatches.length; at += DISPATCHES_A_SET)
    times.push(...(await byTimestamps(device, dispatches.slice(at, at + DISPATCHES_A_SET))));
  return times;
}

async function byTimestamps(device: GPUDevice, dispatches: readonly Dispatch[]): Promise<number[]> {
  const count = 2 * dispatches.length;
  const size = count * TIMESTAMP_BYTES;
  const querySet = device.createQuerySet({ type: "timestamp", count });
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE_COPY_SRC });
  const staging = device.createBuffer({ size, usage: MAP_READ_COPY_DST });
  const encoder = device.createCommandEncoder();
  dispatches.forEach((dispatch, i) => {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
    encodePass(encoder, [dispatch], { timestampWrites });
  });
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_MODE_READ);
  const nanoseconds = new BigUint64Array(staging.getMappedRange());
  const times = dispatches.map((_, i) => Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6);
  for (const one of [querySet, resolved, staging]) one.destroy();
  return times;
}

async function byWallClock(device: GPUDevice, dispatches: readonly Dispatch[]): Promise<number[]> {
  const times: number[] = [];
  await device.queue.onSubmittedWorkDone();
  for (const dispatch of dispatches) {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    encodePass(encoder, [dispatch]);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    times.push(performance.now() - start);
  }
  return times;
}
