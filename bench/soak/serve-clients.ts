/** Clients of a server that is tried: sound ones, and some that send a byte now and then. */
import { Agent, request } from "node:http";
import { connect } from "node:net";

/** A request as it is sent. */
export interface Asked {
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back; status 0 where nothing did. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Longer than any request may take. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 200;

export class Client {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, sockets: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
  }

  send({ path, body, headers = {} }: Asked): Promise<Answered> {
    const begin = performance.now();
    return new Promise((resolve) => {
      const end = (status: number, text: string) => resolve({ status, text, ms: performance.now() - begin });
      const sent = request(
        {
          ...{ port: this.#port, host: "127.0.0.1", agent: this.#agent, method: "POST", path },
          headers: { "Content-Length": body.length, ...headers },
        },
        (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => {
            text += chunk.toString("latin1");
          });
          response.on("end", () => end(response.statusCode ?? 0, text));
          response.on("error", () => end(0, "the answer was cut off"));
        },
      );
      sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
      sent.on("error", (error) => end(0, error.message));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends `first`, then an "x" now and then; the first line of what comes back, "" where the connection just ends. */
export function slowClient(port: number, first: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(first));
    const timer = setInterval(() => socket.writable && first !== "" && socket.write("x"), PAUSE_MS);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(timer);
      resolve(text.split("\r\n")[0]!);
    });
  });
}

/** Why an answer is a fault; null where it is a status with what belongs to it. */
export function wrongAnswer({ status, text }: Answered): string | null {
  if (status < 200 || status === 500) return `status ${status}: ${text.slice(0, 200)}`;
  if (status === 200) return null;
  try {
    const fields = Object.keys(JSON.parse(text) as object).filter((name) => name !== "hint");
    return fields.join() === "error" ? null : `${status} with ${fields.join(", ")}, expected error`;
  } catch {
    return `${status} without JSON: ${text.slice(0, 200)}`;
  }
}
