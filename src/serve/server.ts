/** Models behind HTTP: opens the engine and the threads, listens, stops in order. Prints nothing. Node only. */
import { readFileSync } from "node:fs";
import { loadDecoder } from "../data/codecs/decoder.js";
import { createApp } from "./app.js";
import type { Engine } from "./engine.js";
import { ErrorLog } from "./error-log.js";
import { bodyOf } from "./http-error.js";
import { getRequestListener } from "./libraries.js";
import { Intake } from "./limits.js";
import { listen } from "./listener.js";
import { Metrics } from "./metrics.js";
import { labelsOf, type NamedModel } from "./names.js";
import type { ResolvedServeOptions } from "./options.js";
import { type PictureReader, PictureThreads } from "./picture-threads.js";
import { Predictor } from "./predictor.js";
import type { Serving } from "./serving.js";
import { openThreadEngine } from "./thread-engine.js";

/** What a server stands on; tests and measurements bring others. */
export interface ServeParts {
  readonly engine: Engine;
  readonly reader: PictureReader;
  readonly decoder: string;
}

const packageVersion = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;

/** What is told to the server by its parts. */
interface Watch {
  readonly log: ErrorLog;
  fault(part: "engine" | "pictures", error: Error): void;
}

/** Listens with what `open` gives; the parts are closed by stop(). */
export async function serveParts(
  options: ResolvedServeOptions,
  open: (watch: Watch) => Promise<ServeParts>,
): Promise<Serving> {
  const log = new ErrorLog(options.onError);
  const intake = new Intake({ queue: options.queue, bytes: options.maxBufferedBytes });
  let isStopping = false;
  const state: { engine?: Engine } = {};
  const metrics = new Metrics({
    pictures: () => intake.pictures,
    bodyBytes: () => intake.bytes,
    isReady: () => !isStopping && state.engine?.isReady === true,
  });
  const parts = await open({
    log,
    fault(part, error) {
      log.fault(part, error);
      metrics.fault(part);
    },
  });
  const { engine, reader, decoder } = parts;
  state.engine = engine;
  const close = async (): Promise<void> => {
    await Promise.all([engine.close(), reader.close()]);
    log.close();
    metrics.close();
  };
  const { batchSize, maxDelayMs, maxBytes, topK, host } = options;
  const predictor = new Predictor(engine, reader, intake, {
    ...{ batchSize, maxDelayMs },
    events: {
      onRead: ({ name }, ms) => metrics.read(name, ms),
      onBatch: ({ name }, squares, ms) => metrics.inferred(name, squares, ms),
    },
  });
  const labels = engine.models.map(({ classes, numClasses }) => labelsOf(classes, numClasses));
  const app = createApp({
    ...{ engine, predictor, intake, metrics, log, labels, maxBytes, topK },
    version: packageVersion(),
    isStopping: () => isStopping,
  });
  const listener = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    // whoever serves in a larger program keeps their Request and Response
    overrideGlobalObjects: false,
    hostname: host,
    errorHandler(error) {
      log.request(error, { status: 400, method: "?", path: "?" });
      return Response.json(bodyOf("the address cannot be understood"), { status: 400 });
    },
  });
  try {
    const { requestTimeoutMs, maxConnections, port } = options;
    const listening = await listen(listener, {
      ...{ host, port, requestTimeoutMs, maxConnections },
      onRefusal(status, reason) {
        log.request(reason, { status, method: "?", path: "?" });
        metrics.answered("connection", status, 0);
      },
    });
    const { address, family, port: bound } = listening.address;
    let stopped: Promise<boolean> | null = null;
    return {
      url: `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`,
      ...{
        host: address,
        port: bound,
        models: engine.models,
        backend: engine.label,
        decoder,
        workers: options.workers,
      },
      stop() {
        isStopping = true;
        stopped ??= listening.stop(options.stopTimeoutMs).finally(close);
        return stopped;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The engine of `module`, by default this package's, and threads that decode. */
export async function openParts(
  models: readonly NamedModel[],
  options: ResolvedServeOptions,
  watch: Pick<Watch, "fault">,
  module?: string,
): Promise<ServeParts> {
  // a missing package is told before any work
  const { name: decoder } = await loadDecoder(options.decoder);
  const { weights, imageSize, backend, threads, turbo, batchSize, workers, maxPixels } = options;
  const engine = await openThreadEngine({
    module,
    options: { models, weights, imageSize, backend, threads, turbo, batchSize },
    onFault: (error) => watch.fault("engine", error),
  });
  const reader = new PictureThreads({
    ...{ workers, decoder, maxPixels, timeoutMs: options.decodeTimeoutMs },
    onFault: (error) => watch.fault("pictures", error),
  });
  return { engine, reader, decoder };
}
