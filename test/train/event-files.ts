/** Event files taken apart again: the frames of their records, with checks of our own reckoning, and a run that writes one. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TensorBoardLogger } from "../../src/train/loggers/tensorboard.js";
import { run, stepAt, stepsPerEpoch, validationAt } from "./a-run.js";

/** CRC-32C by long division, a bit at a time, most significant first: no table, and no reversed polynomial. */
export function crc32cByBits(bytes: Uint8Array): number {
  const reversed = (value: number, bits: number): number =>
    Number.parseInt(value.toString(2).padStart(bits, "0").split("").reverse().join(""), 2);
  let rest = 0xffffffff;
  for (const byte of bytes)
    for (const bit of reversed(byte, 8).toString(2).padStart(8, "0")) {
      const isOut = rest >= 0x80000000;
      rest = (rest * 2) % 2 ** 32;
      if (isOut !== (bit === "1")) rest = (rest ^ 0x1edc6f41) >>> 0;
    }
  return reversed((rest ^ 0xffffffff) >>> 0, 32);
}

/** crc32c.h's mask: rotated right by 15 bits, plus a constant. */
export function maskedByBits(bytes: Uint8Array): number {
  const crc = BigInt(crc32cByBits(bytes));
  return Number(((crc >> 15n) + ((crc << 17n) % 2n ** 32n) + 0xa282ead8n) % 2n ** 32n);
}

/** The records of a file. Throws where a check or a length is wrong. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const checks = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)];
    const expected = [maskedByBits(bytes.subarray(at, at + 8)), maskedByBits(data)];
    if (data.length !== length || checks.join() !== expected.join())
      throw new Error(`record ${records.length} at ${at}: checks ${checks}, expected ${expected}`);
    records.push(data);
    at += 12 + length + 4;
  }
  return records;
}

/** The event files of a folder in TensorBoard's order, each as its records. */
export const filesIn = (folder: string): Uint8Array[][] =>
  readdirSync(folder)
    .sort()
    .map((name) => recordsOf(readFileSync(join(folder, name))));

/** Seconds since 1970 on the clock of these runs. */
export const TIME = 1_700_000_000.25;

/** Steps after `startStep` up to `end`, validated after each epoch, the second one of both sets of weights. */
export async function writeEvents(out: string, startStep: number, end: number): Promise<void> {
  const logger = new TensorBoardLogger({ now: () => 1000 * TIME });
  await logger.onStart(run({ out, startStep }));
  for (let step = startStep + 1; step <= end; step++) {
    await logger.onStep(stepAt(step));
    const raw = step > stepsPerEpoch ? { raw: { top1: 50, top5: 90, loss: 1.5 } } : {};
    if (step % stepsPerEpoch === 0) await logger.onValidation({ ...validationAt(step), ...raw });
  }
  await logger.onEnd();
}
