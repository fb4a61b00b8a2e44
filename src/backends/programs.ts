/**
 * Recorded programs on the backends: compile() loads them from here, so that what runs them is in a bundle only with it.
 */
import type { Runner } from "../ops/apply.js";
import type { Executable, Precision, Program } from "../ops/program.js";
import { BackendError } from "../util/errors.js";
import { WasmExecutable } from "./wasm/runtime/executable.js";
import { programFunctions } from "./wasm/runtime/program-worker.js";
import { installPrograms } from "./wasm/wasm-backend.js";

installPrograms({
  make: (program, host) => new WasmExecutable(program, host),
  workerFunctions: programFunctions,
});

/** Makes a program ready to replay on a backend that can. */
export const load = (runner: Runner, program: Program): Executable => runner.load!(program);

/** Throws BackendError, naming `where`, for a precision that the backend has no programs of. */
export function expectPrecision(runner: Runner, precision: Precision, where: string): void {
  if (runner.expectPrecision) runner.expectPrecision(precision);
  else if (precision !== "float32")
    throw new BackendError(
      `${where}: precision ${precision} on the backend "${runner.name}", expected "gpu"`,
      "a device with shader-f16 stores float16; float32 runs everywhere",
    );
}
