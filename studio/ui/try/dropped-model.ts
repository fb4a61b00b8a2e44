/** The page's side of a model that was dropped on [Try]: a worker of its own, so that a project goes on training beside it. */
import type { Classified } from "../../protocol.js";
import type { LoadedInfo, TryAnswer, TryAsk } from "./messages.js";
import { startTryWorker } from "./start-worker.js";

export class DroppedModel {
  readonly #worker = startTryWorker();
  readonly #waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();
  #lastId = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<TryAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.answer as never);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) reject(new Error(`the worker ended: ${event.message}`));
      this.#waiting.clear();
    };
  }

  /** Rejects with the library's words where the file is no model that it knows. */
  load(file: File): Promise<LoadedInfo> {
    return this.#ask({ kind: "load", file, name: file.name });
  }

  classify(file: Blob, topK: number): Promise<Classified> {
    return this.#ask({ kind: "classify", file, topK });
  }

  #ask<T>(what: TryAsk): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: never) => void, reject });
      this.#worker.postMessage({ id, ...what });
    });
  }
}
