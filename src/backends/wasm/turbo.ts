/**
 * Turbo: kernels of paired vectors, which V8's revectorizer (an experimental pass, in V8 from 13) fuses into 256-bit
 * instructions. The pass is known to miscompile shuffles, of which our kernels have none; a self-test at start-up decides
 * whether it is there at all and can be trusted with the families of kernels, and each kernel's code is compared with the plain
 * one, bit by bit, in its first call (runtime/trial.ts). What was found is kept for the next process (turbo/verdicts.ts).
 *
 * V8's flags belong to the whole process, so they are set while a kernel compiles and no longer: other WebAssembly of the
 * process, which may well shuffle, is not touched, but for what another thread happens to compile in these milliseconds: of data
 * workers that is libjpeg-turbo and resize(), whose bytes are the same with the pass on (test/wasm/turbo.test.ts). For that the kernel must be optimised before the compiler returns, not
 * lazily or in the background. Workers set no flag: V8 shares the machine code of equal bytes with all threads, and should
 * a thread have to compile for itself it gets ordinary code for the same arithmetic.
 */
import { builtin, v8Version } from "../../util/platform.js";
import type { Target } from "../../wasm/index.js";
import { capabilities } from "./capabilities.js";
import { type Compiler, plainCompiler } from "./runtime/modules.js";
import { trialBy } from "./runtime/trial.js";
import { findFault } from "./turbo/self-test.js";
import { thisMachine, VerdictFile } from "./turbo/verdicts.js";

/** Node 24; V8 12 has an older pass, which ends the process on some kernels. */
const FIRST_V8 = 13;
/**
 * From here on "auto" takes plain kernels. V8 14 (Node 26) ends the process where a data worker's libjpeg-turbo is optimised while flags are changed
 * for a kernel; turbo asked for by name runs there, beside sharp or jpeg-js.
 */
const FIRST_V8_WITHOUT_AUTO = 14;
/**
 * The last three: all of a module optimised before its constructor returns, without what the baseline compiler would have
 * counted (V8 14 ends the process when its inliner misses those counts).
 */
const flagsToCompile = [
  "--experimental-wasm-revectorize",
  "--no-liftoff",
  "--no-wasm-lazy-compilation",
  "--no-wasm-inlining",
];
/** V8's defaults. */
const flagsOtherwise = [
  "--no-experimental-wasm-revectorize",
  "--liftoff",
  "--wasm-lazy-compilation",
  "--wasm-inlining",
];

function setFlags(flags: readonly string[]): void {
  const v8 = builtin("node:v8");
  for (const flag of flags) v8?.setFlagsFromString(flag);
}

/** An empty custom section of this name, whose bytes make a module another one for V8's cache of machine code. */
const section = (name: string): readonly number[] => [
  0,
  name.length + 1,
  name.length,
  ...new TextEncoder().encode(name),
];

/** Compiles while V8 has these flags. */
function compileWith(flags: readonly string[], bytes: Uint8Array): WebAssembly.Module {
  setFlags(flags);
  try {
    return plainCompiler.compile(bytes);
  } finally {
    setFlags(flagsOtherwise);
  }
}

const verdicts = new VerdictFile(thisMachine(flagsToCompile));

export const turboCompiler: Compiler = {
  mark: section("turbo"),
  compile: (bytes) => compileWith(flagsToCompile, bytes),
  // plain code at once as fast as it gets: the one call that it is made for would otherwise end before V8 has optimised it
  trial: trialBy(verdicts, {
    mark: section("twin"),
    compile: (bytes) => compileWith(flagsToCompile.slice(1), bytes),
  }),
};

/** The target that turbo compiles for. */
export function turboTarget(): Target {
  const { fma, shared } = capabilities();
  return { lanes: 8, fma, fences: false, shared };
}

/** Why turbo cannot run here, in words; null when it can. */
function findProblem(): string | null {
  const version = v8Version();
  if (version === undefined) return "turbo needs Node 24 or later, this is another engine";
  if (version < FIRST_V8) return `turbo needs Node 24 or later, this is ${process.versions.node}`;
  if (verdicts.works) return null;
  const fault = findFault(turboCompiler, turboTarget());
  if (fault === null) verdicts.keepWorks();
  return fault && `turbo does not work in this Node ${process.versions.node}: ${fault}`;
}

let known: { readonly problem: string | null; isTold: boolean } | undefined;

/** Whether turbo can be used. The first call finds out; the first that is not `quiet` warns when not. */
export function turboWorks({ quiet = false } = {}): boolean {
  if (quiet && (v8Version() ?? 0) >= FIRST_V8_WITHOUT_AUTO) return false;
  known ??= { problem: findProblem(), isTold: false };
  if (known.problem !== null && !quiet && !known.isTold) {
    console.warn(`wasm: ${known.problem}; going on without it (turbo: false avoids this warning)`);
    known.isTold = true;
  }
  return known.problem === null;
}
