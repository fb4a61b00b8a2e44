/**
 * What this machine's WebAssembly can do, found by asking the engine to validate small modules, not by version numbers.
 * The exception is the scheduler of V8 before 13, which no probe shows.
 */
import { builtin, v8Version } from "../../util/platform.js";
import { type Target, WasmModule } from "./assembler/index.js";

/** V8 13 (Node 24) schedules loads well; 11 and 12 need fences (measured: 37.8 -> 55.5 GFLOP/s for a 6x8 tile). */
const FIRST_V8_WITHOUT_FENCES = 13;

export interface Capabilities {
  readonly fma: boolean;
  readonly fences: boolean;
  readonly shared: boolean;
}

function validatesMadd(): boolean {
  const probe = new WasmModule({ lanes: 4, fma: true, fences: false, shared: false });
  probe.run(["p"], (f, _begin, _end, p) => {
    const v = f.vec(f.load(p));
    f.store(p, 0, f.madd(v, v, v));
  });
  return WebAssembly.validate(probe.bytes() as BufferSource);
}

/** Relaxed SIMD is behind a flag in Node 20 that can be set while running, if it happens before the first compile that uses it. */
function enableRelaxedSimd(): boolean {
  if (validatesMadd()) return true;
  builtin("node:v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return validatesMadd();
}

let known: Capabilities | undefined;

export function capabilities(): Capabilities {
  known ??= {
    fma: enableRelaxedSimd(),
    fences: (v8Version() ?? FIRST_V8_WITHOUT_FENCES) < FIRST_V8_WITHOUT_FENCES,
    shared: typeof SharedArrayBuffer !== "undefined",
  };
  return known;
}

/**
 * Switches V8's revectorizer on for what is compiled from now on. False, with a warning, where it is missing (V8 before 13)
 * or knows no FMA.
 */
export function enableTurbo(): boolean {
  const version = v8Version();
  if (version !== undefined && version >= FIRST_V8_WITHOUT_FENCES && capabilities().fma) {
    builtin("node:v8")?.setFlagsFromString("--experimental-wasm-revectorize");
    return true;
  }
  console.warn("wasm: turbo needs Node 24 or later; going on without it (turbo: false avoids this warning)");
  return false;
}

/** The target for this machine. */
export function targetOf({ fma, fences, shared }: Capabilities, turbo: boolean): Target {
  return { lanes: turbo ? 8 : 4, fma, fences: fences && !turbo, shared };
}
