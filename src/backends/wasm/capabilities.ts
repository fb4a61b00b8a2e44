/**
 * What this machine's WebAssembly can do, found by asking the engine to validate small modules, not by version numbers.
 * The exception is the scheduler of V8 before 13, which no probe shows.
 */
import { builtin, v8Version } from "../../util/platform.js";
import { type Target, WasmModule } from "../../wasm/index.js";

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

/** The target for this machine; turbo has its own (turbo.ts). */
export function targetOf({ fma, fences, shared }: Capabilities): Target {
  return { lanes: 4, fma, fences, shared };
}
