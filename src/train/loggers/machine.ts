/**
 * `<out>/machine.json`: where and when a run ran, an entry for each time that it was begun or gone on with. Clock, paths and
 * speed stay out of checkpoints, whose bytes depend on none of them.
 */
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import type { DecoderName } from "../../data/codecs/decoder.js";
import type { DataSource } from "../../data/sets/dataset.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { DataError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { readWithin } from "../../util/read-within.js";
import type { Logger, RunInfo, StepInfo } from "./events.js";

export const MACHINE_NAME = "machine.json";
const FORMAT = "tensorone-machine-1";

/** One stretch of a run, from its begin, or a resume, to its end. */
export interface RunSession {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly startStep: number;
  /** null where the process was killed. */
  readonly endStep: number | null;
  /** Validation included; null as endStep. */
  readonly seconds: number | null;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Name and threads, e.g. "wasm x2". */
  readonly backend: string;
  readonly decoder: DecoderName;
  readonly replicas: number;
  readonly processes: number;
  readonly transport: string;
  /** Absolute. */
  readonly data: DataSource;
  readonly trainImages: number;
  readonly valImages: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** The sessions of the run in a folder, the first one first; none where the file is missing or damaged. */
export async function readSessions(folder: string): Promise<readonly RunSession[]> {
  try {
    const path = join(folder, MACHINE_NAME);
    const notJson = (why: string) => new DataError(`${path}: ${why}`);
    const found = parseJson(readWithin(path, "jsonBytes", { fault: DataError }), path, DataError, notJson) as {
      readonly format?: unknown;
      readonly sessions?: unknown;
    };
    return found.format === FORMAT && Array.isArray(found.sessions) ? (found.sessions as RunSession[]) : [];
  } catch {
    return [];
  }
}

/** Writes the file as a run begins, and once more as it ends. */
export class MachineLogger implements Logger {
  readonly #now: () => number;
  #out = "";
  #former: readonly RunSession[] = [];
  #session: RunSession | undefined;
  #step = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async onStart(run: RunInfo): Promise<void> {
    this.#out = run.out;
    this.#step = run.startStep;
    this.#former = await readSessions(run.out);
    const { backend, decoder, replicas, processes, transport, data } = run;
    const { startStep, trainImages, valImages, stepsPerEpoch, totalSteps } = run;
    this.#session = {
      startedAt: new Date(this.#now()).toISOString(),
      startStep,
      endStep: null,
      seconds: null,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${platform()} ${release()} ${arch()}`,
      node: process.version,
      ...{
        backend,
        decoder,
        replicas,
        processes,
        transport,
        data: typeof data === "string" ? resolve(data) : data.map((one) => resolve(one)),
      },
      ...{ trainImages, valImages, stepsPerEpoch, totalSteps },
    };
    await this.#write(this.#session);
  }

  onStep({ step }: StepInfo): void {
    this.#step = step;
  }

  async onEnd(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const seconds = (this.#now() - Date.parse(session.startedAt)) / 1000;
    await this.#write({ ...session, endStep: this.#step, seconds });
  }

  async #write(session: RunSession): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, sessions: [...this.#former, session] }, null, 1);
    await writeFileAtomic(join(this.#out, MACHINE_NAME), `${text}\n`);
  }
}
