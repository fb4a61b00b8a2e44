/**
 * A web server on this machine whose answers a test decides: what it was asked is kept, and how it answers is a function.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Question {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface TestServer {
  readonly url: string;
  readonly questions: Question[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const questions: Question[] = [];
  const server = createServer((request, response) => {
    questions.push({ path: request.url!, headers: request.headers });
    result.answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const result: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions,
    answer: (_, response) => response.writeHead(404).end(),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return result;
}

/** Serves `bytes` with an etag, and parts of them to those who ask. */
export function serving(bytes: Uint8Array, etag = '"one"') {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const start = Number(from ?? 0);
    if (from !== undefined && start >= bytes.length) {
      response.writeHead(416, { "content-range": `bytes */${bytes.length}`, etag }).end();
      return;
    }
    const part = bytes.subarray(start);
    const range = from === undefined ? {} : { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from === undefined ? 200 : 206, { "content-length": part.length, etag, ...range }).end(part);
  };
}

/**
 * The head of the whole file, and the connection cut after `sent` of its bytes, once `received` says that they have arrived: fetch
 * drops what it has not handed on yet.
 */
export function cutting(bytes: Uint8Array, sent: number, received: () => number, etag = '"one"') {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const status = start === 0 ? 200 : 206;
    const range = start === 0 ? {} : { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(status, { "content-length": bytes.length - start, etag, ...range });
    response.write(bytes.subarray(start, start + sent));
    const timer = setInterval(() => {
      if (received() < start + sent) return;
      clearInterval(timer);
      response.socket?.destroy();
    }, 5);
  };
}
