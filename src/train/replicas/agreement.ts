/**
 * What ranks have to agree on, and how they find out that they do not: rows of numbers that all see, one description of
 * the run, equal weights. Every rank throws the same error, so that no rank waits for another one.
 */
import { createHash } from "node:crypto";
import type { Tensor } from "../../tensor/tensor.js";
import { DistributedError } from "../../util/errors.js";
import { differences, firstDifferences } from "../recipes/differences.js";
import type { ProcessGroup } from "./process-group.js";

/** Ranks that were started otherwise, or hold other numbers, than the rest: whose are right, none can tell. */
export class DisagreementError extends DistributedError {}

/** Every rank's row of numbers, by rank; all rows have one length. */
export async function gather(group: ProcessGroup, row: readonly number[]): Promise<readonly (readonly number[])[]> {
  const values = new Float64Array(group.worldSize * row.length);
  values.set(row, group.rank * row.length);
  // each place is written by one rank: adding the others' zeros changes no bit
  await group.allReduce(values, "sum");
  return Array.from({ length: group.worldSize }, (_, r) => [...values.subarray(r * row.length, (r + 1) * row.length)]);
}

/** Every rank gets the bytes of `root`, which alone knows how many they are. */
export async function broadcastBytes(group: ProcessGroup, own: Uint8Array | null, root = 0): Promise<Uint8Array> {
  if (group.worldSize === 1) return own!;
  const length = new Float64Array([own?.length ?? 0]);
  await group.broadcast(new Uint8Array(length.buffer), root);
  const bytes = group.rank === root ? own! : new Uint8Array(length[0]!);
  await group.broadcast(bytes, root);
  return bytes;
}

/** Every rank gets the value of `root`, which must survive JSON. */
export async function broadcastJson<T>(group: ProcessGroup, own: T, root = 0): Promise<T> {
  if (group.worldSize === 1) return own;
  const bytes = group.rank === root ? new TextEncoder().encode(JSON.stringify(own)) : null;
  return JSON.parse(new TextDecoder().decode(await broadcastBytes(group, bytes, root))) as T;
}

/** Throws DistributedError on all ranks, naming the first that was started otherwise than rank 0, and in what. */
export async function expectSameRun(group: ProcessGroup, own: object): Promise<void> {
  if (group.worldSize === 1) return;
  // both sides have passed through JSON, which drops what is undefined
  const [mine, first] = [JSON.parse(JSON.stringify(own)) as object, await broadcastJson(group, own)];
  const changed = differences(first, mine);
  const counts = await gather(group, [changed.length]);
  const rank = counts.findIndex(([count]) => count! > 0);
  if (rank < 0) return;
  const text = await broadcastJson(group, firstDifferences(changed), rank);
  throw new DisagreementError(
    `train: rank ${rank} was started otherwise than rank 0: ${text}`,
    "give every rank the same options and the same data",
  );
}

/** 48 bits of the SHA-256 of the values, a whole number that float64 holds. */
export async function fingerprint(tensors: Iterable<Tensor>): Promise<number> {
  const hash = createHash("sha256");
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = tensor.view() ?? (await tensor.data());
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest().readUIntBE(0, 6);
}

/** Throws DistributedError on all ranks, naming those whose `own` is not that of most ranks, or of rank 0 where none prevails. */
export async function expectSameFingerprint(group: ProcessGroup, own: number, what: string): Promise<void> {
  if (group.worldSize === 1) return;
  const all = (await gather(group, [own])).map(([value]) => value!);
  const votes = (value: number) => all.filter((other) => other === value).length;
  const most = all.reduce((best, value) => (votes(value) > votes(best) ? value : best));
  const strangers = all.flatMap((value, rank) => (value === most ? [] : [rank]));
  if (strangers.length === 0) return;
  throw new DisagreementError(
    `train: ${strangers.length === 1 ? "rank" : "ranks"} ${strangers.join(", ")} and the others hold different ${what}`,
    "all ranks need the same version and sound memory; --resume goes on from the last checkpoint, if there is one",
  );
}
