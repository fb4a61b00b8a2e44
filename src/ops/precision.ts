/** Which precisions of programs a backend has: asked before any work starts. */
import { defaultStorage } from "../tensor/create.js";
import { BackendError } from "../util/errors.js";
import type { Runner } from "./apply.js";
import type { Precision } from "./program.js";

/** Throws BackendError, naming `where`, for a precision that the backend has no programs of; by default the one in use. */
export function expectPrecision(precision: Precision, where: string, runner = defaultStorage() as Runner): void {
  if (runner.expectPrecision) runner.expectPrecision(precision);
  else if (precision !== "float32")
    throw new BackendError(
      `${where}: precision ${precision} on the backend "${runner.name}", expected "gpu"`,
      "a device with shader-f16 stores float16; float32 runs everywhere",
    );
}
