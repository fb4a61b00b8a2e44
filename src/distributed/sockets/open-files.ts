/**
 * Every connection is an open file: a rank asks whether it may have as many as it will need before the first one comes.
 */
import { readFileSync } from "node:fs";
import { DistributedError } from "../../util/errors.js";

/** Streams, pictures, data threads and the log of a rank, generously. */
const OWN_FILES = 128;
/** What a launcher keeps open of a rank: its errors, the channel, and one more while it starts. */
const FILES_PER_RANK = 3;
/** Strangers at the door, at least and at most, while ranks meet. */
const unproved = { least: 64, usual: 256, most: 4096 } as const;

/** How many files this process may have open; undefined where the system does not say. Node has raised it to the hard limit. */
export function openFilesLimit(limits: string | null = readLimits()): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? "") ?? [];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * How many strangers a rank of `worldSize` can afford at its door. Throws DistributedError where not even its peers fit; `limit` as
 * openFilesLimit() gives it.
 */
export function expectOpenFiles(rank: number, worldSize: number, limit = openFilesLimit()): number {
  if (limit === undefined) return unproved.usual;
  const needed = worldSize + OWN_FILES + unproved.least;
  if (limit < needed)
    throw new DistributedError(
      `rank ${rank}: ${worldSize} processes need ${needed} open files each, this one may have ${limit}`,
      hintFor(needed),
    );
  // half of what is left: newcomers are counted a moment after they have come
  return Math.max(unproved.least, Math.min(unproved.most, Math.floor((limit - worldSize - OWN_FILES) / 2)));
}

/** Throws DistributedError where a launcher of `nproc` ranks may not have the files that it needs. */
export function expectLauncherFiles(nproc: number, limit = openFilesLimit()): void {
  const needed = nproc * FILES_PER_RANK + OWN_FILES;
  if (limit === undefined || limit >= needed) return;
  throw new DistributedError(
    `launch: ${nproc} processes need ${needed} open files of their launcher, it may have ${limit}`,
    hintFor(needed),
  );
}

const hintFor = (needed: number): string =>
  `ulimit -n ${needed} before it starts, on every machine; where that is not permitted, the hard limit of the system (limits.conf, LimitNOFILE)`;

function readLimits(): string | null {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return null;
  }
}
