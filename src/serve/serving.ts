/** What serve() gives. */
import type { EngineModel } from "./engine.js";

/** A server that listens. */
export interface Serving {
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** In the order in which they were given. */
  readonly models: readonly EngineModel[];
  /** Who computes, and how wide: "wasm x2". */
  readonly backend: string;
  /** Who decodes. */
  readonly decoder: string;
  /** Threads that decode. */
  readonly workers: number;
  /** Accepts nothing more, answers what was accepted, ends the threads; false where a request was cut off after stopTimeoutMs. */
  stop(): Promise<boolean>;
}
