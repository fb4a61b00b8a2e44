/**
 * Stands in for the two headers where a host cannot send them (GitHub Pages): the page registers it, loads once more, and every answer
 * of its own address comes with them and with the policy. It keeps what it has served, so that such a studio opens without a net.
 */
import { isolation, policy } from "../policy.js";

/** The part of a service worker's scope that is used; lib.webworker cannot stand beside lib.dom. */
interface Scope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(
    type: "install" | "activate" | "fetch",
    listener: (
      event: Event & {
        readonly request: Request;
        waitUntil(done: Promise<unknown>): void;
        respondWith(answer: Promise<Response>): void;
      },
    ) => void,
  ): void;
}
const scope = globalThis as unknown as Scope;
const SHELF = "tensorone-studio";

function withHeaders(answer: Response): Response {
  // an opaque answer has no headers to add to
  if (answer.status === 0) return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(isolation)) headers.set(name, value);
  headers.set("Content-Security-Policy", policy);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/** From the host; from what was kept where the host does not answer. */
async function answerTo(request: Request): Promise<Response> {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request);
    // streams of events never end, and are no files
    const isFile = answer.ok && !answer.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (isFile) void shelf.put(request, answer.clone()).catch(() => undefined);
    return withHeaders(answer);
  } catch (error) {
    const kept = await shelf.match(request);
    if (kept) return withHeaders(kept);
    throw error;
  }
}

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOwn = new URL(request.url).origin === location.origin && request.method === "GET";
  if (isOwn && request.headers.get("Range") === null) event.respondWith(answerTo(request));
});
