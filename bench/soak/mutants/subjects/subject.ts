/** What mutants are made of and read by. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TensoroneError } from "../../../../src/util/errors.js";
import { repositoryRoot } from "../../../paths.js";

/** Reads a mutant as a program would; may throw, and what it throws is judged. */
export type Read = (bytes: Uint8Array) => unknown;

/** A kind of file and who reads it. */
export interface Subject {
  /** Words of the format, which mutants have at wrong places. */
  readonly words: readonly (string | readonly number[])[];
  /** Sets up in the current folder, which is empty: sound files that mutants begin with, and the reader. */
  prepare(): Promise<{ readonly seeds: readonly Uint8Array[]; readonly read: Read }>;
}

const golden = join(repositoryRoot, "test", "golden");

/** A committed file. */
export const goldenPath = (...parts: string[]): string => join(golden, ...parts);
export const goldenFile = (...parts: string[]): Uint8Array => readFileSync(goldenPath(...parts));

/** All committed files of a folder whose names fit. */
export const goldenFiles = (folder: string, name: RegExp): Uint8Array[] =>
  readdirSync(join(golden, folder))
    .filter((file) => name.test(file))
    .sort()
    .map((file) => goldenFile(folder, file));

/** Lines that are reported instead of thrown are judged as errors are: each is thrown in turn, the first with a fault stays. */
export function throwLines(lines: readonly string[]): void {
  const [first] = lines;
  if (first !== undefined) throw new LinesError(lines);
}

/** Several lines at once. */
export class LinesError extends TensoroneError {
  constructor(readonly lines: readonly string[]) {
    super(lines[0]!);
  }
}
