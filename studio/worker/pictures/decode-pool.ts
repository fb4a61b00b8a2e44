/** Some threads that decode pictures, started for what is dropped and ended after it: a decoder of 12 megapixels holds 100 MB. */
import type { DecodeAnswer, DecodeAsk, Decoded } from "./messages.js";

/** Beyond it, memory rather than time is what another thread takes. */
const MOST = 4;

interface Job {
  readonly file: Blob;
  readonly resolve: (decoded: Decoded) => void;
  readonly reject: (error: Error) => void;
}

export class DecodePool {
  readonly #size: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: Job[] = [];
  #lastId = 0;

  constructor(cores: number) {
    this.#size = Math.max(1, Math.min(MOST, cores));
  }

  /** How many decode at once. */
  get size(): number {
    return this.#size;
  }

  /** Rejects with an Error whose message is for the page. */
  decode(file: Blob): Promise<Decoded> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ file, resolve, reject });
      this.#next();
    });
  }

  close(): void {
    for (const worker of this.#all) worker.terminate();
    this.#all.clear();
    this.#idle.length = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("reading was ended"));
  }

  #worker(): Worker | undefined {
    const idle = this.#idle.pop();
    if (idle || this.#all.size >= this.#size) return idle;
    const worker = new Worker(new URL("./decoder.ts", import.meta.url), { type: "module", name: "decoder" });
    this.#all.add(worker);
    return worker;
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#worker();
    if (!worker) return;
    const { file, resolve, reject } = this.#waiting.shift()!;
    this.#lastId += 1;
    worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      this.#idle.push(worker);
      if ("error" in data) reject(new Error(data.error));
      else resolve(data);
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      // one picture that ends its thread does not end the others
      worker.terminate();
      this.#all.delete(worker);
      reject(new Error(`its decoder ended: ${event.message ?? "no reason given"}`));
      this.#next();
    };
    worker.postMessage({ id: this.#lastId, file } satisfies DecodeAsk);
  }
}
