/**
 * Where the compiled file of a worker thread is. A worker starts outside any TypeScript loader, so code that itself runs
 * from `src/*.ts` (tests) must start its workers from the build in `dist/`; built code starts its neighbour.
 */

/** URL of the worker module `name` (such as "./loader-worker.js") next to the module whose import.meta.url is `base`. */
export function workerEntry(name: string, base: string | URL): URL {
  const url = new URL(name, base);
  if (!new URL(base).pathname.endsWith(".ts")) return url;
  const at = url.pathname.lastIndexOf("/src/");
  if (at >= 0) url.pathname = `${url.pathname.slice(0, at)}/dist/${url.pathname.slice(at + "/src/".length)}`;
  url.pathname = url.pathname.replace(/\.ts$/, ".js");
  return url;
}
