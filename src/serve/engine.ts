/**
 * What a server has its answers from: models in order, and logits for squares. Engines differ in who multiplies; bench/serve puts ONNX
 * Runtime behind the same server. An engine runs in a thread of its own (thread-engine.ts), which a module opens.
 */
import type { Certificate } from "../models/index.js";
import type { WeightSet } from "../train/checkpoints/model-file.js";
import type { Square } from "./squares.js";

/** A model that is served. */
export interface EngineModel {
  /** As addresses have it. */
  readonly name: string;
  /** The file that it was read from. */
  readonly path: string;
  /** Its variant. */
  readonly model: string;
  readonly numClasses: number;
  /** In words, in the order of the logits; null where nothing says. */
  readonly classes: readonly string[] | null;
  readonly imageSize: number;
  readonly resizeSize: number;
  /** Of the folding at load; null for a file that holds the deploy form. */
  readonly certificate: Certificate | null;
}

/** What is to be served, and how it is computed: travels to the engine's thread. */
export interface EngineOptions {
  readonly models: readonly { readonly name: string; readonly path: string }[];
  readonly weights?: WeightSet | undefined;
  /** Default: what each file says. */
  readonly imageSize?: number | undefined;
  readonly backend: string;
  readonly threads?: number | undefined;
  /** null: where it works. */
  readonly turbo: boolean | null;
  /** Squares of a batch, at most. */
  readonly batchSize: number;
}

/** What an engine is, once open. */
export interface EngineFacts {
  /** Who computes, and how wide: "wasm x2". */
  readonly label: string;
  readonly models: readonly EngineModel[];
}

/** Inside the engine's thread. */
export interface OpenEngine extends EngineFacts {
  /** Logits [squares, classes] of the model at this place; one batch at a time. */
  infer(model: number, squares: readonly Square[]): Promise<Float32Array<ArrayBuffer>>;
}

/** What the module of an engine exports. */
export interface EngineModule {
  /** Throws the errors of files and options. */
  openEngine(options: EngineOptions): Promise<OpenEngine>;
}

/** The server's side. */
export interface Engine extends EngineFacts {
  /** False while it is opened anew after a fault. */
  readonly isReady: boolean;
  /** Logits [squares, classes]. Rejects where the engine fails; the next batch may succeed. */
  infer(model: number, squares: readonly Square[]): Promise<Float32Array>;
  close(): Promise<void>;
}
