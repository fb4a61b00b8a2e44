/**
 * The server below the addresses: clients that are slow, that flood or that speak no HTTP get a status and the same JSON as others, and
 * their connection ends. Stopping finishes what was accepted.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { BackendError } from "../util/errors.js";
import { bodyOf, type ErrorStatus, statusWords } from "./http-error.js";

/** What answers requests. */
export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** What a server lets clients do. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  /** Told of what was refused below the addresses. */
  readonly onRefusal: (status: ErrorStatus, reason: string) => void;
}

/** Of a request's headers: they are a packet or two. */
const HEADERS_MS = 10_000;
/** Of a connection between two requests. */
const KEEP_ALIVE_MS = 15_000;
/** A connection on which nothing moves for longer than a request may take, by this, is one whose client is gone. */
const IDLE_MARGIN_MS = 60_000;
const CHECK_MS = 500;
const HEADER_BYTES = 16 * 1024;
/** A client that does not read why it is shown out. */
const LAST_WORD_MS = 1000;
const STOP_CHECK_MS = 50;

/** Statuses of Node's parser, by its code. */
const parserStatus: Readonly<Record<string, ErrorStatus>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** An answer by hand, where there is no request to answer. */
function lastWord(socket: Socket, status: ErrorStatus): void {
  const body = JSON.stringify(bodyOf(statusWords[status]));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close"],
    ...(status === 503 ? ["Retry-After: 1"] : []),
  ];
  socket.on("error", () => {});
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
}

/** A listening server. */
export interface Listening {
  readonly address: AddressInfo;
  /** Accepts nothing more, waits for what is under way, at most so long; false where something was cut off. */
  stop(timeoutMs: number): Promise<boolean>;
}

function build(listener: RequestListener, options: ListenOptions): Server {
  const { requestTimeoutMs, maxConnections, onRefusal } = options;
  const server = createServer(
    {
      headersTimeout: Math.min(HEADERS_MS, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
      maxHeaderSize: HEADER_BYTES,
      // HTTP/1.0 has none; the addresses do not look at it
      requireHostHeader: false,
      noDelay: true,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.timeout = requestTimeoutMs + IDLE_MARGIN_MS;
  const refuse = (socket: Socket, status: ErrorStatus, reason: string): void => {
    onRefusal(status, reason);
    if (socket.writable) lastWord(socket, status);
    else socket.destroy();
  };
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const { code = "", message } = error;
    if (code === "ECONNRESET") socket.destroy();
    else refuse(socket as Socket, parserStatus[code] ?? 400, message);
  });
  server.on("connect", (_, socket) => refuse(socket as Socket, 405, "CONNECT"));
  server.on("checkExpectation", ({ socket }: IncomingMessage) => refuse(socket, 400, "an unknown Expect"));
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    socket.once("close", () => connections--);
    if (connections > maxConnections) refuse(socket, 503, `${maxConnections} connections`);
  });
  return server;
}

/** Why a port is not to be had, and what helps, by the system's codes; any other is the address's fault. */
const troubles: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ["is in use", "--port 0 takes a free one"],
  EACCES: [
    "cannot be listened at (EACCES)",
    "ports below 1024 may need rights: --port 8080, or --port 0 for a free one",
  ],
};

/** Starts to listen. Throws BackendError where the address is taken or not ours. */
export async function listen(listener: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, port } = options;
  const server = build(listener, options);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const [why, hint] = troubles[error.code ?? ""] ?? [
        `cannot be listened at (${error.code ?? error.message})`,
        "--host 127.0.0.1 is this machine alone, --host 0.0.0.0 all its addresses",
      ];
      reject(new BackendError(`serve: ${host} port ${port} ${why}`, hint));
    });
    server.listen(port, host, () => resolve());
  });
  // what the system reports later, such as too many open files, ends nothing
  server.on("error", (error) => options.onRefusal(503, error.message));
  return {
    address: server.address() as AddressInfo,
    stop: (timeoutMs) =>
      new Promise((resolve) => {
        const tidy = setInterval(() => server.closeIdleConnections(), STOP_CHECK_MS);
        let isWhole = true;
        const limit = setTimeout(() => {
          isWhole = false;
          server.closeAllConnections();
        }, timeoutMs);
        server.close(() => {
          clearInterval(tidy);
          clearTimeout(limit);
          resolve(isWhole);
        });
        server.closeIdleConnections();
      }),
  };
}
