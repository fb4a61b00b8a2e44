/** What an engine's thread and the server say to each other. */
import type { EngineFacts, EngineOptions } from "./engine.js";
import type { Square } from "./squares.js";

/** What the thread is started with. */
export interface EngineStart {
  /** URL of the engine's module. */
  readonly module: string;
  readonly options: EngineOptions;
}

/** A batch. */
export interface InferMessage {
  readonly id: number;
  readonly model: number;
  readonly squares: readonly Square[];
}

/** An error on its way: its class is known by name on the other side. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The first answer is that of opening. */
export type EngineAnswer =
  | { readonly kind: "open"; readonly facts: EngineFacts }
  | { readonly kind: "refused"; readonly error: SentError }
  | { readonly kind: "logits"; readonly id: number; readonly logits: Float32Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly id: number; readonly error: SentError };
