/** What every answer of the studio's server says to the browser, and whom it answers at all. */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * The page's policy: scripts, workers and kernels of its own, no other address. A run's report is framed from here.
 * https://www.w3.org/TR/CSP3/
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "manifest-src 'self'",
  "frame-src 'self'",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** A report may be anybody's file: its script draws its curves, of an origin of its own that reaches nothing here. */
export const REPORT_POLICY =
  "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/** The first two give the tab shared memory, and so threads. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": PAGE_POLICY,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** The name in a Host header, without its port; null for what is none. */
function hostName(header: string | undefined): string | null {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(header ?? "") ?? [];
  return (bracketed ?? plain)?.toLowerCase() ?? null;
}

/**
 * Whether a request means this server. A page elsewhere can let a name of its own lead here (DNS rebinding) and then read the answers as
 * its own: so a name has to be the one that was listened on, or localhost; an address cannot be led anywhere.
 */
export function isForUs({ host }: IncomingHttpHeaders, listenedOn: string): boolean {
  const name = hostName(host);
  if (name === null) return false;
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || name === listenedOn.toLowerCase();
}

/** Whether a page of another site asks: it could read nothing, and has no business to make us work. */
export const isForeign = (headers: IncomingHttpHeaders): boolean =>
  headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site";
