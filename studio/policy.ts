/**
 * What the studio's pages and workers may reach: their own address and nothing else. The page carries the policy itself, for hosts
 * that send no headers; a policy in a page does not bind workers that have an address, so servers and the service worker send it too.
 */

/** Content-Security-Policy of pages and workers; kernels are compiled in the tab, hence `wasm-unsafe-eval`. */
export const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  // uPlot and Preact set widths and colours on elements
  "style-src 'self' 'unsafe-inline'",
  "frame-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Headers that give a page shared memory, and with it threads. */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;
