/** Errors on their way to the page: a code that it can act upon, a text, what would work. */
import {
  CheckpointError,
  DataError,
  MemoryError,
  StateDictError,
  TensoroneError,
  UsageError,
} from "../../src/util/errors.js";
import type { Failure, FailureCode } from "../protocol.js";

/** A failure that was foreseen. */
export class Fault extends Error {
  readonly code: FailureCode;
  readonly hint: string | null;
  readonly canResume: boolean;

  constructor(code: FailureCode, text: string, hint: string | null = null, canResume = true) {
    super(text);
    this.code = code;
    this.hint = hint;
    this.canResume = canResume;
  }
}

const codes: readonly (readonly [new (...args: never[]) => Error, FailureCode])[] = [
  [MemoryError, "memory"],
  [DataError, "data"],
  [CheckpointError, "model"],
  [StateDictError, "model"],
  [UsageError, "bad-request"],
];

/** What is told of an error; the project is whole after all of these, as it is written before it is told. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Fault) {
    const { code, message: text, hint, canResume } = error;
    return { code, text, hint, canResume };
  }
  if (error instanceof DOMException && error.name === "QuotaExceededError")
    return {
      code: "quota",
      text: "the browser's storage for this page is full",
      hint: "remove pictures, or data of other pages; what was saved before is whole",
      canResume: true,
    };
  // memory of a WebAssembly module or of an array that cannot grow
  if (error instanceof RangeError)
    return { code: "memory", text: error.message, hint: "fewer pictures, or a smaller reach", canResume: true };
  const code = codes.find(([kind]) => error instanceof kind)?.[1] ?? "internal";
  if (error instanceof TensoroneError) return { code, text: error.summary, hint: error.hint ?? null, canResume: true };
  return { code, text: error instanceof Error ? error.message : String(error), hint: null, canResume: true };
}
