/**
 * What was found out about turbo on this machine, kept between processes: whether its self-test passed, and kernel by kernel whether
 * its code gives the plain code's bits. A file for each V8, processor and list of flags; a file that is damaged, or that cannot be
 * written, costs a comparison more.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { writeFileAtomicSync } from "../../../util/atomic-file.js";
import { cacheFolder } from "../../../util/cache-folder.js";
import type { Verdicts } from "../runtime/trial.js";

const FORMAT = "tensorone-turbo-1";
/** Verdicts of this time are written together: a first step compares a hundred kernels. */
const DELAY_MS = 500;

/** Of 44 bytes each; a training run has some hundred. The oldest go first. */
const MAX_KERNELS = 20_000;

interface Found {
  /** Of the self-test; failures are not kept, since other jobs can spoil its timings. */
  works: boolean;
  /** By the first digits of the SHA-256 of a kernel's bytes: whether its bits are the plain ones. */
  readonly kernels: Map<string, boolean>;
}

/** What code depends on beside a kernel's bytes. */
export interface MachineCode {
  readonly v8: string;
  readonly cpu: string;
  readonly flags: readonly string[];
}

export function thisMachine(flags: readonly string[]): MachineCode {
  return { v8: process.versions.v8, cpu: `${process.arch} ${cpus()[0]?.model ?? ""}`, flags };
}

const digest = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex").slice(0, 32);

/** The entries of a file that are what they should be; none of a file that is not. */
function readFound(path: string): Found {
  const found: Found = { works: false, kernels: new Map() };
  try {
    const { format, works, kernels } = JSON.parse(readFileSync(path, "utf8")) as { readonly [name: string]: unknown };
    if (format !== FORMAT || typeof kernels !== "object" || kernels === null) return found;
    found.works = works === true;
    for (const [key, isSame] of Object.entries(kernels))
      if (/^[0-9a-f]{32}$/.test(key) && typeof isSame === "boolean") found.kernels.set(key, isSame);
  } catch {
    // no file yet, or none that can be read
  }
  return found;
}

export class VerdictFile implements Verdicts {
  readonly path: string;
  readonly #machine: MachineCode;
  #known: Found | null = null;
  /** Runs while something is to be written. */
  #timer: NodeJS.Timeout | null = null;
  readonly #atExit = (): void => this.flush();

  /** In `folder`, by default turbo/ in the cache folder (TENSORONE_CACHE). */
  constructor(machine: MachineCode, folder = join(cacheFolder(process.env), "turbo")) {
    this.#machine = machine;
    this.path = join(folder, `${digest(JSON.stringify(machine))}.json`);
  }

  get #found(): Found {
    this.#known ??= readFound(this.path);
    return this.#known;
  }

  /** Whether the self-test has passed here before. */
  get works(): boolean {
    return this.#found.works;
  }

  keepWorks(): void {
    this.#found.works = true;
    this.#writeSoon();
  }

  find(bytes: Uint8Array): boolean | null {
    return this.#found.kernels.get(digest(bytes)) ?? null;
  }

  keep(bytes: Uint8Array, isSame: boolean): void {
    this.#found.kernels.set(digest(bytes), isSame);
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.flush(), DELAY_MS).unref();
    process.once("exit", this.#atExit);
  }

  /** Writes now what waits to be written. */
  flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    process.off("exit", this.#atExit);
    this.#timer = null;
    this.#write();
  }

  /** With what other processes have found meanwhile; a verdict that differs from theirs stays the worse of the two. */
  #write(): void {
    const { works, kernels } = readFound(this.path);
    this.#found.works ||= works;
    for (const [key, isSame] of kernels)
      if (!isSame || !this.#found.kernels.has(key)) this.#found.kernels.set(key, isSame);
    for (const key of this.#found.kernels.keys()) {
      if (this.#found.kernels.size <= MAX_KERNELS) break;
      this.#found.kernels.delete(key);
    }
    const content = { format: FORMAT, ...this.#machine, works: this.#found.works };
    const text = `${JSON.stringify({ ...content, kernels: Object.fromEntries(this.#found.kernels) }, null, 1)}\n`;
    try {
      mkdirSync(join(this.path, ".."), { recursive: true });
      writeFileAtomicSync(this.path, text);
    } catch {
      // a cache that cannot be written is none
    }
  }
}
