/**
 * Weights by file, address or name, as a file on this machine. Node only.
 */
import { cacheFolder } from "../util/cache-folder.js";
import { type HubEnvironment, parseAddress } from "./address.js";
import { cacheEntry } from "./cache.js";
import { cached, type DownloadOptions, download } from "./download.js";
import type { PublishedWeights } from "./published.js";

export { type PublishedWeights, publishedWeights } from "./published.js";

/** How fetchWeights() works, and where. */
export interface FetchWeightsOptions extends DownloadOptions {
  /** HF_ENDPOINT, HF_TOKEN, TENSORONE_CACHE, XDG_CACHE_HOME. Default: process.env. */
  readonly env?: HubEnvironment;
}

/** Weights that lie on this machine now. */
export interface LocalWeights {
  readonly path: string;
  /** Where it came from; null for a file that was here. */
  readonly url: string | null;
  /** Of a downloaded file, 64 hexadecimal digits. */
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** Whether it was downloaded just now, and not found in the cache. */
  readonly isNew: boolean;
  /** The row of a published name. */
  readonly published: PublishedWeights | null;
}

/**
 * The file that `spec` names: a path as it is; `https://…`, `hf://owner/repository[@revision]/file` or a name of `publishedWeights`
 * from the cache, or downloaded into it (TENSORONE_CACHE, else tensorone in the user's cache folder). Hashes that a publisher or
 * the hub states are compared; a broken transfer is gone on with. Throws UsageError for an address that cannot be one,
 * CheckpointError for everything that keeps the file away.
 *
 * @example
 * <!-- test: not run: asks the network -->
 * ```ts
 * const { path } = await fetchWeights("mobileone_s0");
 * const { model } = await loadModelFile(path);
 * ```
 */
export async function fetchWeights(spec: string, options: FetchWeightsOptions = {}): Promise<LocalWeights> {
  const { env = process.env, ...rest } = options;
  const address = parseAddress(spec, env);
  if ("path" in address)
    return { path: address.path, url: null, sha256: null, bytes: null, isNew: false, published: null };
  const entry = cacheEntry(cacheFolder(env), address);
  const kept = await cached(entry);
  const { url, sha256, bytes } = kept ?? (await download(address, entry, rest));
  return { path: entry.file, url, sha256, bytes, isNew: kept === null, published: address.published };
}
