/** Servers as processes of their own, and clients that keep them busy. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What a serve-player is started with. */
export interface ServeWork {
  readonly engine: "tensorone" | "onnxruntime-web";
  /** A model file in deploy form; beside it the same as .onnx. */
  readonly model: string;
  /** A folder of JPEG files. */
  readonly pictures: string;
  readonly clients: number;
  readonly threads: number;
}

/** Of a span without HTTP. */
export interface DirectFigures {
  readonly answered: number;
  readonly seconds: number;
}

/** Of a span of clients. */
export interface LoadFigures extends DirectFigures {
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the process of the clients. */
  readonly cpuSeconds: number;
}

const execute = promisify(execFile);
const player = (name: string): string => join(fileURLToPath(new URL("..", import.meta.url)), name);

/** A server that runs. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #work: ServeWork;
  readonly port: number;
  readonly label: string;
  readonly decoder: string;

  private constructor(
    child: ChildProcess,
    lines: AsyncIterator<string>,
    work: ServeWork,
    { port, label, decoder }: { port: number; label: string; decoder: string },
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#work = work;
    this.port = port;
    this.label = label;
    this.decoder = decoder;
  }

  static async start(work: ServeWork): Promise<ServerProcess> {
    const child = spawn(process.execPath, [player("serve-player.js"), JSON.stringify(work)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`bench: the server of ${work.engine} did not start`);
    return new ServerProcess(child, lines, work, JSON.parse(value));
  }

  /** Bytes of the process in memory. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
  }

  /** Clients in a process of their own. */
  async load(seconds: number): Promise<LoadFigures> {
    const { pictures, clients } = this.#work;
    const words = [player("serve-load.js"), String(this.port), pictures, String(seconds), String(clients)];
    return JSON.parse((await execute(process.execPath, words)).stdout) as LoadFigures;
  }

  /** The same pictures in the server's process, without HTTP. */
  async direct(seconds: number): Promise<DirectFigures> {
    this.#child.stdin!.write(`${JSON.stringify({ seconds })}\n`);
    return JSON.parse((await this.#lines.next()).value as string) as DirectFigures;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end("end\n");
    await ended;
  }
}
