/** What serve() takes beside models: limits with their defaults, in one table that the command line shows too. */
import { availableParallelism } from "node:os";
import type { DecoderName } from "../data/codecs/decoder.js";
import type { WeightSet } from "../train/checkpoints/model-file.js";
import { UsageError } from "../util/errors.js";
import type { ServeLogEntry } from "./error-log.js";

/** How serve() serves. */
export interface ServeOptions {
  /** Address to listen at. Default 127.0.0.1: this machine alone. */
  readonly host?: string;
  /** 0: any free one. Default 8080. */
  readonly port?: number;
  /** Pictures that are computed together, at most. Default 8. */
  readonly batchSize?: number;
  /** Milliseconds that a picture waits for others, at most, while the engine is idle. Default 5. */
  readonly maxDelayMs?: number;
  /** Pictures that wait or are in work; requests beyond get 503. Default 128. */
  readonly queue?: number;
  /** Bytes of a body. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Bytes of all bodies in memory; requests beyond get 503. Default 256 MiB, and at least twice maxBytes. */
  readonly maxBufferedBytes?: number;
  /** Pixels of a picture. Default 50 million. */
  readonly maxPixels?: number;
  /** Milliseconds in which a request has to have arrived. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds in which a picture has to be decoded. Default 20,000. */
  readonly decodeTimeoutMs?: number;
  /** Milliseconds that stop() waits for requests that were accepted. Default 30,000. */
  readonly stopTimeoutMs?: number;
  /** Connections at a time; those beyond get 503. Default 1,024. */
  readonly maxConnections?: number;
  /** Classes in an answer of /predictions, unless the request says. Default 5. */
  readonly topK?: number;
  /** Side of the pictures. Default: what each model's file says. */
  readonly imageSize?: number;
  /** Of a training checkpoint. Default: the averaged ones. */
  readonly weights?: WeightSet;
  /** Who decodes. Default: the fastest installed one with OpenCV's exact pixels, else jpeg-js. */
  readonly decoder?: DecoderName;
  /** Threads that decode. Default: a quarter of the cores, at least one. */
  readonly workers?: number;
  /** Default "wasm". */
  readonly backend?: string;
  /** Threads of the backend. Default: the cores. */
  readonly threads?: number;
  /** Kernels of paired vectors; null: where they work. Default null. */
  readonly turbo?: boolean | null;
  /** Told of what goes wrong, at most 20 times in 10 s; the rest is counted. Default: nobody. */
  readonly onError?: (entry: ServeLogEntry) => void;
}

const MIB = 2 ** 20;
/** Pictures are decoded by a quarter of the cores; a core of two does both. */
const CORES_PER_WORKER = 4;

/** What holds where nobody says otherwise. */
export const serveDefaults = {
  host: "127.0.0.1",
  port: 8080,
  batchSize: 8,
  maxDelayMs: 5,
  queue: 128,
  maxBytes: 16 * MIB,
  maxBufferedBytes: 256 * MIB,
  maxPixels: 50e6,
  requestTimeoutMs: 30_000,
  decodeTimeoutMs: 20_000,
  stopTimeoutMs: 30_000,
  maxConnections: 1024,
  topK: 5,
  backend: "wasm",
} as const;

/** The least of each number. */
const least: { readonly [N in NumberName]: number } = {
  port: 0,
  batchSize: 1,
  maxDelayMs: 0,
  queue: 1,
  maxBytes: 1,
  maxBufferedBytes: 1,
  maxPixels: 1,
  requestTimeoutMs: 1,
  decodeTimeoutMs: 1,
  stopTimeoutMs: 0,
  maxConnections: 1,
  topK: 1,
};
type NumberName = Exclude<keyof typeof serveDefaults, "host" | "backend">;
type Numbers = { readonly [N in NumberName]: number };

/** Options with nothing left open but what files, packages and the machine decide. */
export type ResolvedServeOptions = Numbers &
  Pick<ServeOptions, "imageSize" | "weights" | "decoder" | "threads"> & {
    readonly host: string;
    readonly backend: string;
    readonly workers: number;
    readonly turbo: boolean | null;
    readonly onError: (entry: ServeLogEntry) => void;
  };

/** Throws UsageError for a number that cannot be meant. */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  const names = Object.keys(least) as NumberName[];
  const numbers = Object.fromEntries(names.map((name) => [name, options[name] ?? serveDefaults[name]])) as Numbers;
  for (const name of names) {
    const value = numbers[name];
    // bytes and pixels may be 5e6, and are still whole
    if (!(Number.isSafeInteger(value) && value >= least[name]))
      throw new UsageError(`serve: ${name} ${value}, expected a whole number of at least ${least[name]}`);
  }
  const { workers = Math.max(1, Math.floor(availableParallelism() / CORES_PER_WORKER)) } = options;
  if (!(Number.isSafeInteger(workers) && workers >= 1))
    throw new UsageError(`serve: workers ${workers}, expected at least 1`);
  const { imageSize, weights, decoder, threads } = options;
  return {
    ...numbers,
    maxBufferedBytes: options.maxBufferedBytes ?? Math.max(serveDefaults.maxBufferedBytes, 2 * numbers.maxBytes),
    host: options.host ?? serveDefaults.host,
    backend: options.backend ?? serveDefaults.backend,
    turbo: options.turbo ?? null,
    workers,
    onError: options.onError ?? (() => {}),
    ...(imageSize !== undefined && { imageSize }),
    ...(weights !== undefined && { weights }),
    ...(decoder !== undefined && { decoder }),
    ...(threads !== undefined && { threads }),
  };
}
