/**
 * How work is cut into tasks. The cut depends on shapes only, so that every number of threads gives the same bits.
 */
import type { FunctionBuilder, IntVar, WasmModule } from "../../../../wasm/index.js";

/** Elements of a memory-bound task: 128 KiB per operand, about 20 µs at the 10-30 GB/s of this kind of work. */
export const STREAM_TASK_ELEMENTS = 32768;

type IntsOf<Names extends readonly string[]> = { [I in keyof Names]: IntVar };

/**
 * Defines a kernel's entry as one call per task. V8 swaps in optimised code between calls only, so an entry that loops
 * over everything itself would finish its first, long call in baseline code.
 */
export function runEachTask<const Names extends readonly string[]>(
  module: WasmModule,
  names: Names,
  build: (f: FunctionBuilder, task: IntVar, ...args: IntsOf<Names>) => void,
): void {
  const params = ["i32" as const, ...names.map(() => "i32" as const)];
  const one = module.function("task", params, (f, task, ...args) =>
    build(f, task!, ...(args as unknown as IntsOf<Names>)),
  );
  module.run(names, (f, begin, end, ...args) => {
    f.for(begin, end, 1, (task) => f.call(one, task, ...(args as unknown as IntVar[])));
  });
}

/** How many blocks of `size` hold `count` things. */
export const blocksOf = (count: number, size: number): number => Math.ceil(count / size);
