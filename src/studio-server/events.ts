/**
 * Changes of runs as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): `runs` with all of them, then
 * `changes`. The id of each is the number of the last change, so that a page which lost its connection goes on from there. Node only.
 */
import type { ServerResponse } from "node:http";
import type { RunChanges, RunWatch } from "./run-watch.js";

/** Of silence, after which a line without meaning keeps the connection. */
const QUIET_MS = 15_000;
/** A page that is behind by more is let go, and comes again with what it knows. */
const MOST_WAITING_BYTES = 4 << 20;
/** After which a browser that lost the connection tries again. */
const RETRY_MS = 1000;

/** The number after "SESSION:"; null for that of another process, or none. */
function sequenceOf(lastEventId: string | undefined, session: string): number | null {
  const [, of, digits] = /^(.*):(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
  return of === session ? Number(digits) : null;
}

/** Writes events until the other side leaves. */
export function sendEvents(
  response: ServerResponse,
  watch: RunWatch,
  session: string,
  lastEventId: string | undefined,
): void {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    // a proxy in between would wait for more
    "X-Accel-Buffering": "no",
  });
  let stop = (): void => {};
  const write = (text: string): void => {
    response.write(text);
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
  };
  const send = (name: string, data: unknown, sequence: number): void =>
    write(`id: ${session}:${sequence}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const sendChanges = ({ changes, sequence }: RunChanges): void => {
    if (changes.length > 0) send("changes", changes, sequence);
  };
  write(`retry: ${RETRY_MS}\n\n`);
  const quiet = setInterval(() => write(":\n\n"), QUIET_MS);
  response.on("close", () => {
    clearInterval(quiet);
    stop();
  });
  void watch.look().then(() => {
    if (response.destroyed) return;
    const known = sequenceOf(lastEventId, session);
    const missed = known === null ? null : watch.since(known);
    if (missed) sendChanges(missed);
    else send("runs", watch.entries, watch.sequence);
    stop = watch.listen(sendChanges);
  });
}
