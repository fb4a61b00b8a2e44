/** A disk that takes SOAK_DELAY_MS for every opening, renaming and syncing of a file by promise. */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";

const delayMs = Number(process.env.SOAK_DELAY_MS ?? 0);

/** The same function, later. */
const delayed = <A extends unknown[], R>(real: (...args: A) => Promise<R>) => {
  return async (...args: A): Promise<R> => {
    await sleep(delayMs);
    return real(...args);
  };
};

if (isMainThread) {
  const slow = fs as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of ["open", "rename", "writeFile", "mkdir", "rm", "unlink", "truncate"])
    slow[name] = delayed(slow[name]!);
  syncBuiltinESMExports();
}
