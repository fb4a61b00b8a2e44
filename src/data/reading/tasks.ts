/**
 * What a data thread can be asked to do, as a table: the same code works in a worker and, where there are
 * none, in the thread that asks. Node only.
 */
import type { DecoderName } from "../codecs/decoder.js";
import type { PictureSource } from "../sets/picture-source.js";
import { type PackedPicture, type PackOptions, packPictures } from "../sets/shards/pack.js";
import { type Inspection, inspectPictures } from "./inspect.js";
import { type ReaderOptions, type ReadJob, type ReadResult, SampleReader } from "./sample-reader.js";

/** Every task: what is given, what comes back. Jobs name their pictures, for errors. */
export interface Tasks {
  /** Fills a slice of a batch. */
  read: { readonly job: ReadJob; readonly result: ReadResult };
  inspect: { readonly job: { readonly sources: readonly PictureSource[] }; readonly result: readonly Inspection[] };
  pack: {
    readonly job: { readonly sources: readonly PictureSource[] } & PackOptions;
    readonly result: readonly PackedPicture[];
  };
}
export type TaskName = keyof Tasks;
/** A task with its job. */
export type Task<K extends TaskName> = { readonly name: K; readonly job: Tasks[K]["job"] };

/** Where tasks run: in this thread, or in a pool of others. */
export interface TaskPool {
  /** Rejects with DataError when a picture fails, a thread dies or the pool is closed. */
  run<K extends TaskName>(name: K, job: Tasks[K]["job"]): Promise<Tasks[K]["result"]>;
  close(): Promise<void>;
}

/** Does tasks in this thread, one after another in the order they came. */
export class LocalTaskPool implements TaskPool {
  readonly #reader: SampleReader;
  readonly #decoder: DecoderName | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReaderOptions) {
    this.#reader = new SampleReader(options);
    this.#decoder = options.decoder;
  }

  run<K extends TaskName>(name: K, job: Tasks[K]["job"]): Promise<Tasks[K]["result"]> {
    const result = this.#last.then(() => this.#tasks[name](job));
    this.#last = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#reader.close();
  }

  readonly #tasks: { readonly [K in TaskName]: (job: Tasks[K]["job"]) => Promise<Tasks[K]["result"]> } = {
    read: (job) => this.#reader.read(job),
    inspect: ({ sources }) => inspectPictures(sources, this.#decoder),
    pack: ({ sources, ...options }) => packPictures(sources, this.#decoder, options),
  };
}
