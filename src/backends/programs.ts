/**
 * Recorded programs on the backends: compile() loads them from here, so that what runs them is in a bundle only with it.
 */
import type { Runner } from "../ops/apply.js";
import type { Executable, Program } from "../ops/program.js";
import { WasmExecutable } from "./wasm/runtime/executable.js";
import { programFunctions } from "./wasm/runtime/program-worker.js";
import { installPrograms } from "./wasm/wasm-backend.js";

installPrograms({
  make: (program, host) => new WasmExecutable(program, host),
  workerFunctions: programFunctions,
});

/** Makes a program ready to replay on a backend that can. */
export const load = (runner: Runner, program: Program): Executable => runner.load!(program);
