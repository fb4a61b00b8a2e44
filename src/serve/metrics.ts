/** What a server counts, as Prometheus reads it. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "./libraries.js";

/** In seconds. */
const latencies = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const sizes = [1, 2, 4, 8, 16, 32, 64];

/** What is asked for at the moment of reading. */
export interface Levels {
  readonly pictures: () => number;
  readonly bodyBytes: () => number;
  readonly isReady: () => boolean;
}

/** The figures of one server, in a registry of their own; those of its process among them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"endpoint" | "status">;
  readonly #seconds: Histogram<"endpoint">;
  readonly #readSeconds: Histogram<"model">;
  readonly #inferSeconds: Histogram<"model">;
  readonly #batch: Histogram<"model">;
  readonly #faults: Counter<"part">;

  constructor({ pictures, bodyBytes, isReady }: Levels) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "tensorone_requests_total",
      help: "Requests that were answered, by endpoint and status",
      labelNames: ["endpoint", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "tensorone_request_seconds",
      help: "From the headers of a request to its answer",
      labelNames: ["endpoint"],
      buckets: latencies,
      registers,
    });
    this.#readSeconds = new Histogram({
      name: "tensorone_picture_read_seconds",
      help: "Decoding and resizing of a picture, its wait for a thread included",
      labelNames: ["model"],
      buckets: steps,
      registers,
    });
    this.#inferSeconds = new Histogram({
      name: "tensorone_batch_seconds",
      help: "A batch in the engine",
      labelNames: ["model"],
      buckets: steps,
      registers,
    });
    this.#batch = new Histogram({
      name: "tensorone_batch_size",
      help: "Pictures of a batch",
      labelNames: ["model"],
      buckets: sizes,
      registers,
    });
    this.#faults = new Counter({
      name: "tensorone_faults_total",
      help: "Threads that ended by a fault and were replaced",
      labelNames: ["part"],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        ...{ name, help, registers },
        collect() {
          this.set(value());
        },
      });
    };
    gauge("tensorone_queue_pictures", "Pictures that wait or are in work", pictures);
    gauge("tensorone_body_bytes", "Bytes of bodies in memory", bodyBytes);
    gauge("tensorone_ready", "1 where requests are answered, 0 while starting or stopping", () => Number(isReady()));
  }

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  answered(endpoint: string, status: number, ms: number): void {
    this.#requests.inc({ endpoint, status: String(status) });
    this.#seconds.observe({ endpoint }, ms / 1000);
  }

  read(model: string, ms: number): void {
    this.#readSeconds.observe({ model }, ms / 1000);
  }

  inferred(model: string, pictures: number, ms: number): void {
    this.#inferSeconds.observe({ model }, ms / 1000);
    this.#batch.observe({ model }, pictures);
  }

  fault(part: "engine" | "pictures"): void {
    this.#faults.inc({ part });
  }

  /** Ends what watches the process. */
  close(): void {
    this.#registry.clear();
  }
}
