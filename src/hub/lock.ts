/**
 * One process at a time writes a file of the cache: the others wait until it is done, or gone.
 */
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { fileStatus } from "../util/file-status.js";
import { namingPath } from "../util/io-error.js";
import type { CacheEntry } from "./cache.js";

const POLL_MS = 100;
/** Whether a process of another machine lives cannot be asked; after this time it is taken to be gone. */
const FOREIGN_MS = 60 * 60_000;

/** Whether whoever made the lock is gone. */
async function isStale(path: string): Promise<boolean> {
  const [host, pid] = (await readFile(path, "utf8").catch(() => "")).split(" ");
  if (host !== hostname()) {
    const stat = fileStatus(path);
    return stat !== null && Date.now() - stat.mtimeMs > FOREIGN_MS;
  }
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Waits for the entry's turn; the returned function ends it. */
export async function lock(entry: CacheEntry): Promise<() => Promise<void>> {
  const path = `${entry.file}.lock`;
  for (;;) {
    try {
      const file = await open(path, "wx");
      await namingPath(path, () => file.writeFile(`${hostname()} ${process.pid}`));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isStale(path)) await rm(path, { force: true });
    else await wait(POLL_MS);
  }
}
