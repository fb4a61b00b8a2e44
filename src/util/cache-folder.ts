/** Where files are kept that can be had again: downloads, and what was found out about this machine. Node only. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Variables of a process; of these TENSORONE_CACHE, XDG_CACHE_HOME and LOCALAPPDATA matter. */
export interface CacheEnvironment {
  readonly [name: string]: string | undefined;
}

/**
 * TENSORONE_CACHE, or tensorone in the place for caches: $XDG_CACHE_HOME, %LOCALAPPDATA% on Windows, else ~/.cache.
 */
export function cacheFolder(env: CacheEnvironment, platform: string = process.platform): string {
  if (env.TENSORONE_CACHE) return env.TENSORONE_CACHE;
  const local = platform === "win32" ? env.LOCALAPPDATA : undefined;
  return join(env.XDG_CACHE_HOME || local || join(homedir(), ".cache"), "tensorone");
}
