/** The program of an engine's thread: opens the engine that its module makes, then answers batches in order. */
import { parentPort, workerData } from "node:worker_threads";
import { TensoroneError } from "../util/errors.js";
import type { EngineModule, OpenEngine } from "./engine.js";
import type { EngineAnswer, EngineStart, InferMessage, SentError } from "./engine-messages.js";

const { module, options } = workerData as EngineStart;

function sent(error: unknown): SentError {
  if (error instanceof TensoroneError) return { name: error.name, message: error.summary, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { name: error instanceof Error ? error.name : "Error", message, hint: undefined };
}

const say = (answer: EngineAnswer): void =>
  parentPort?.postMessage(answer, answer.kind === "logits" ? [answer.logits.buffer] : []);

async function answer(engine: OpenEngine, { id, model, squares }: InferMessage): Promise<EngineAnswer> {
  try {
    return { kind: "logits", id, logits: await engine.infer(model, squares) };
  } catch (error) {
    return { kind: "failed", id, error: sent(error) };
  }
}

try {
  const { openEngine } = (await import(module)) as EngineModule;
  const engine = await openEngine(options);
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (message: InferMessage) => {
    last = last.then(async () => say(await answer(engine, message)));
  });
  say({ kind: "open", facts: { label: engine.label, models: engine.models } });
} catch (error) {
  say({ kind: "refused", error: sent(error) });
}
