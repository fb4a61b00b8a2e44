/**
 * Checkpoints of a run: `<name>.safetensors` with averaged weights (plain names), raw weights (`raw.`) and momentum
 * (`momentum.`), and `<name>.json` with everything else. The JSON is written last and names the SHA-256 of the tensors:
 * a checkpoint exists when its JSON does, and is whole when the hash fits.
 *
 * Data order and augmentation are functions of seed, epoch and position (data/loader), so seed and step are the whole
 * state of random numbers and sampler. Nothing here depends on clock or path: equal runs write equal bytes.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  decodeSafetensors,
  encodeSafetensors,
  fromFileEntries,
  type StoredTensor,
  toFileEntries,
} from "../io/index.js";
import type { MobileOne } from "../models/index.js";
import { scope } from "../tensor/scope.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { CheckpointError } from "../util/errors.js";
import { describe, readCheckpointBytes } from "./model-file.js";
import type { Recipe } from "./recipe.js";
import type { Session } from "./session.js";

const FORMAT = "tensorone-checkpoint-1";
/** How many are kept unless the run says otherwise; older ones are deleted once a newer one is safely written. */
const KEPT = 3;

/** What has to be the same for a run to go on. */
export interface CheckpointHeader {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly numClasses: number;
  readonly classes: readonly string[];
  readonly trainImages: number;
}

interface CheckpointFile extends CheckpointHeader {
  readonly format: string;
  readonly tensors: string;
  readonly sha256: string;
  readonly progress: { readonly step: number; readonly epoch: number; readonly stepInEpoch: number };
  readonly ema: { readonly steps: number };
  readonly optimizer: { readonly kind: "sgd"; readonly momentumBuffers: number };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const prefixed = (prefix: string, entries: ReadonlyMap<string, StoredTensor>): [string, StoredTensor][] =>
  [...entries].map(([name, entry]) => [`${prefix}${name}`, entry]);

const withPrefix = (prefix: string, entries: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> =>
  new Map(
    [...entries].flatMap(([name, entry]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), entry]] : [])),
  );

export class CheckpointFolder {
  readonly #folder: string;
  readonly #kept: number;
  #newest = "";

  constructor(folder: string, kept = KEPT) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** The tensors' file of the checkpoint last saved or resumed. */
  get newest(): string {
    return this.#newest;
  }

  /** Saves a session; the files before it stay until this one is whole. */
  async save(
    session: Session,
    header: CheckpointHeader,
    isEpochEnd: boolean,
  ): Promise<{ path: string; bytes: number }> {
    const { model, ema, optimizer, step, epoch, stepInEpoch } = session;
    const name = isEpochEnd ? `epoch_${String(epoch).padStart(3, "0")}` : `step_${String(step).padStart(6, "0")}`;
    const averages = ema.state();
    const velocities = optimizer.state();
    const entries = new Map([
      ...(await toFileEntries(model, averages.averages)),
      ...prefixed("raw.", await toFileEntries(model)),
      ...prefixed("momentum.", await toFileEntries(model, velocities)),
    ]);
    const bytes = encodeSafetensors(entries, describe(model as MobileOne, header));
    const file: CheckpointFile = {
      format: FORMAT,
      tensors: `${name}.safetensors`,
      sha256: sha256(bytes),
      progress: { step, epoch, stepInEpoch },
      ema: { steps: averages.steps },
      optimizer: { kind: "sgd", momentumBuffers: velocities.size },
      ...header,
    };
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, file.tensors);
    await writeFileAtomic(path, bytes);
    await writeFileAtomic(join(this.#folder, `${name}.json`), `${JSON.stringify(file, null, 1)}\n`);
    this.#newest = path;
    await this.#prune();
    return { path, bytes: bytes.length };
  }

  /**
   * Loads a checkpoint into a fresh session: the file named (either of the two), or the newest that is whole; damaged
   * ones are passed over with a notice. Throws CheckpointError where there is none, or where it belongs to another run.
   */
  async resume(
    named: string | null,
    session: Session,
    header: CheckpointHeader,
    notice: (text: string) => void,
  ): Promise<string> {
    if (named !== null) return this.#load(named.replace(/\.(json|safetensors)$/, ".json"), session, header);
    const candidates = await this.#list();
    for (const { path } of candidates)
      try {
        return await this.#load(path, session, header);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        notice(`${error.summary}; trying the one before`);
      }
    throw new CheckpointError(
      `resume: no ${candidates.length > 0 ? "whole " : ""}checkpoint in ${this.#folder}`,
      "leave --resume away to start a new run",
    );
  }

  async #load(path: string, session: Session, header: CheckpointHeader): Promise<string> {
    const file = await readHeader(path);
    expectSameRun(path, file, header);
    const tensors = join(path, "..", basename(file.tensors));
    const bytes = await readCheckpointBytes(tensors).catch((error: CheckpointError) => {
      throw new DamagedError(error.summary);
    });
    if (sha256(bytes) !== file.sha256)
      throw new DamagedError(`${tensors}: its SHA-256 is not the one in ${basename(path)}, the file is damaged`);
    const { entries } = decodeSafetensors(bytes, tensors);
    const { model, ema, optimizer } = session;
    const raw = withPrefix("raw.", entries);
    const momentum = withPrefix("momentum.", entries);
    const averages = new Map([...entries].filter(([name]) => raw.has(name)));
    scope(() => {
      model.loadStateDict(fromFileEntries(model, raw));
      ema.loadState({ steps: file.ema.steps, averages: fromFileEntries(model, averages) });
      optimizer.loadState(fromFileEntries(model, momentum));
    });
    session.step = file.progress.step;
    this.#newest = tensors;
    return tensors;
  }

  /** All checkpoints, newest first; those whose JSON cannot be read come last, to be reported. */
  async #list(): Promise<{ path: string; step: number }[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith(".json") && !name.startsWith("."))
        .map(async (name) => {
          const path = join(this.#folder, name);
          const step = await readHeader(path).then(
            (file) => file.progress.step,
            () => -1,
          );
          return { path, step };
        }),
    );
    return found.sort((a, b) => b.step - a.step);
  }

  async #prune(): Promise<void> {
    for (const { path } of (await this.#list()).slice(this.#kept)) {
      await rm(path, { force: true });
      await rm(path.replace(/\.json$/, ".safetensors"), { force: true });
    }
  }
}

/** A checkpoint that is not whole: the one before it may be. */
class DamagedError extends CheckpointError {}

async function readHeader(path: string): Promise<CheckpointFile> {
  const text = new TextDecoder().decode(await readCheckpointBytes(path));
  let file: Partial<CheckpointFile>;
  try {
    file = JSON.parse(text) as Partial<CheckpointFile>;
  } catch {
    throw new DamagedError(`${path}: it is not JSON, the file is damaged`);
  }
  if (file?.format !== FORMAT || !Number.isInteger(file.progress?.step) || typeof file.tensors !== "string")
    throw new DamagedError(`${path}: format ${JSON.stringify(file?.format)}, expected ${FORMAT}`);
  return file as CheckpointFile;
}

/** Dotted paths whose values differ. */
function differences(a: unknown, b: unknown, path = ""): string[] {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a, b) ? [] : [`${path} was ${JSON.stringify(a)}, is ${JSON.stringify(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      path ? `${path}.${key}` : key,
    ),
  );
}

function expectSameRun(path: string, file: CheckpointFile, header: CheckpointHeader): void {
  const { recipe, seed, numClasses, classes, trainImages } = file;
  const changed = differences({ recipe, seed, numClasses, classes, trainImages }, header);
  if (changed.length > 0)
    throw new CheckpointError(
      `${path}: belongs to another run: ${changed.slice(0, 4).join("; ")}${changed.length > 4 ? `; and ${changed.length - 4} more` : ""}`,
      "resume with the same data and options, or start a new run from its weights with --init",
    );
}
