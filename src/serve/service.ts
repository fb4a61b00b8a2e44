/** What rows of the table of addresses share: what they are given, and how they answer. */
import type { Engine, EngineModel } from "./engine.js";
import type { ErrorLog } from "./error-log.js";
import { HttpError } from "./http-error.js";
import type { Context, HttpBindings } from "./libraries.js";
import type { Intake } from "./limits.js";
import type { Metrics } from "./metrics.js";
import type { Predictor } from "./predictor.js";

/** What every row may ask. */
export interface Service {
  readonly engine: Engine;
  readonly predictor: Predictor;
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly log: ErrorLog;
  /** By model. */
  readonly labels: readonly (readonly string[])[];
  /** Of the package. */
  readonly version: string;
  readonly maxBytes: number;
  readonly topK: number;
  /** True from the first word of stop(). */
  readonly isStopping: () => boolean;
}

/** A request with its answer's tools; `incoming` and `outgoing` are Node's own. */
export type RequestContext = Context<{ Bindings: HttpBindings }>;

/** A row of the table. */
export interface Row {
  readonly methods: readonly string[];
  readonly path: string;
  /** As metrics call it. */
  readonly endpoint: string;
  answer(context: RequestContext, service: Service): Response | Promise<Response>;
}

/** An answer in JSON; a text is JSON already. */
export const json = (body: object | string, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

/** The model that an address names, and its place. Throws HttpError 404 with those that there are. */
export function modelNamed({ engine }: Service, name: string): { readonly model: EngineModel; readonly at: number } {
  const at = engine.models.findIndex((one) => one.name === name);
  const model = engine.models[at];
  if (model !== undefined) return { model, at };
  const known = engine.models.map((one) => one.name).join(", ");
  throw new HttpError(404, `there is no model ${JSON.stringify(name.slice(0, 80))}`, `served here: ${known}`);
}
