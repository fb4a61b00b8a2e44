/**
 * What `#turbo` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file: a turbo that
 * shares modules with the page would part the bundle into files that compress worse, 1.6 KB in all.
 */

/** False: only Node's V8 has flags that a program sets. */
export function turboWorks({ quiet = false } = {}): false {
  if (quiet) return false;
  console.warn(
    "wasm: turbo needs Node 24 or later, this is a browser; going on without it (turbo: false avoids this warning)",
  );
  return false;
}
