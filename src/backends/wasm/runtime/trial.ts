/**
 * A compiler on trial: in its first call a kernel runs twice, on the calling thread: plain code first, then the compiler's own, on
 * the same memory. Where they leave other bits, the plain ones stay, and so does the plain code. Only turbo.ts brings it.
 */
import { compareCodes } from "./compare-codes.js";
import { type Compiler, type LoadedKernel, type ModuleCache, marked, plainCompiler, type Trial } from "./modules.js";

/** What is known of a compiler's code, by the bytes that it compiles, without the mark. */
export interface Verdicts {
  /** Whether the code gives the plain code's bits; null where nobody has compared them yet. */
  find(bytes: Uint8Array): boolean | null;
  keep(bytes: Uint8Array, isSame: boolean): void;
}

const tellPlain = (key: string, why: string): void =>
  console.warn(`wasm: the turbo code of "${key}" ${why}; this kernel stays plain`);

/** Compares with the code of `plain`, where `verdicts` do not know yet. */
export function trialBy(verdicts: Verdicts, plain: Compiler): Trial {
  function load(modules: ModuleCache, key: string, bytes: Uint8Array, compiler: Compiler): LoadedKernel {
    const isSame = verdicts.find(bytes);
    if (isSame === true) return modules.load(key, bytes, compiler);
    if (isSame === false) {
      tellPlain(key, "differed from its plain code when it was compared");
      return modules.load(key, bytes, plainCompiler);
    }
    const untried = modules.load(key, bytes, compiler, (tasks, args, writes) => {
      const plainRun = modules.instantiate(marked(bytes, plain), plain);
      const difference = compareCodes(modules.memory, [plainRun, untried.run], tasks, args, writes);
      verdicts.keep(bytes, difference === null);
      if (difference === null) modules.keep({ ...untried, firstCall: null });
      else {
        tellPlain(key, `differs from its plain code, ${difference}`);
        modules.load(key, bytes, plainCompiler);
      }
    });
    return untried;
  }
  return { load };
}
