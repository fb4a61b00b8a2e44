/**
 * How a kernel is declared: a name, the spec that shapes its code, its arguments by name and type, the scratch of each
 * thread, and the function that writes one task. From the declaration follow the key (name and spec, as JSON), the i32
 * arguments in order, and the scratch, so that none of them is stated twice; a call with an argument missing, misnamed or too
 * many does not compile. An emitter is handed its spec and reaches nothing else of a call: what is not in the key cannot
 * shape the code.
 */
import { alignUp } from "../../../util/align-up.js";
import {
  type Float,
  type FunctionBuilder,
  floatBits,
  type Int,
  type IntVar,
  type Target,
  type WasmModule,
} from "../../../wasm/index.js";
import { runEachTask } from "./blocks/tasks.js";
import type { Kernel, Plan } from "./plan.js";

/** pointer: bytes in memory. int: a count or any int32. float: a number, which travels as the bits of its float32. */
export type ScalarType = "pointer" | "int" | "float";
type Fields = Readonly<Record<string, ScalarType>>;
/** As many arguments as the spec says: of one type each, or a record of named ones. */
export interface ListType<T extends ScalarType | Fields = ScalarType | Fields> {
  readonly count: number;
  readonly of: T;
}
export type ArgTypes = Readonly<Record<string, ScalarType | ListType>>;

export const list = <const T extends ScalarType | Fields>(count: number, of: T): ListType<T> => ({ count, of });

/** What a caller gives for an argument, and what an emitter takes it as. */
type Given<T> = T extends ScalarType
  ? number
  : T extends ListType<infer E>
    ? readonly Given<E>[]
    : { readonly [K in keyof T]: number };
type Taken<T> = T extends "float"
  ? Float<"f32">
  : T extends ScalarType
    ? IntVar
    : T extends ListType<infer E>
      ? readonly Taken<E>[]
      : { readonly [K in keyof T]: Taken<T[K]> };
export type GivenArgs<A extends ArgTypes> = { readonly [K in keyof A]: Given<A[K]> };
export type TakenArgs<A extends ArgTypes> = { readonly [K in keyof A]: Taken<A[K]> };

/** Carries the type of a spec and nothing else. */
export interface SpecType<Spec> {
  readonly spec?: Spec;
}
export const specOf = <Spec>(): SpecType<Spec> => ({});

export interface Declaration<Spec, A extends ArgTypes> {
  readonly name: string;
  /** Absent where one code serves all calls. Plain data; a function in it must stand in an object with a `name` that says which. */
  readonly spec?: SpecType<Spec>;
  /** In the order in which they travel. */
  readonly args: A | ((spec: Spec) => A);
  /** Bytes, rounded up to whole cache lines. */
  readonly scratchPerWorker?: (spec: Spec, target: Target) => number;
}

/** What an emitter writes with. */
export interface Emission<Spec> {
  readonly m: WasmModule;
  readonly f: FunctionBuilder;
  readonly spec: Spec;
  /** The address of the running thread's own scratch. Throws where none was declared. */
  readonly scratch: Int;
}

export type Job<Spec, A extends ArgTypes> = {
  readonly tasks: number;
  readonly args: GivenArgs<A>;
} & (unknown extends Spec ? { readonly spec?: never } : { readonly spec: Spec });

export interface KernelDefinition<Spec, A extends ArgTypes> {
  /** Plans one call; scratch is taken from the plan. Throws RangeError where a list is not as long as declared. */
  call(plan: Plan, job: Job<Spec, A>): void;
}

const SCRATCH_ALIGNMENT = 64;
/** Names stand for definitions in keys, so each is given once. */
const names = new Set<string>();

function flatten(name: string, types: ArgTypes, given: Readonly<Record<string, unknown>>): number[] {
  const flat: number[] = [];
  const push = (type: ScalarType, value: number): void => void flat.push(type === "float" ? floatBits(value) : value);
  for (const [arg, type] of Object.entries(types)) {
    if (typeof type === "string") {
      push(type, given[arg] as number);
      continue;
    }
    const values = given[arg] as readonly (number | Readonly<Record<string, number>>)[];
    if (values.length !== type.count)
      throw new RangeError(`${name}: ${values.length} values for ${arg}, expected ${type.count}`);
    for (const value of values)
      if (typeof type.of === "string") push(type.of, value as number);
      else for (const [field, own] of Object.entries(type.of)) push(own, (value as Record<string, number>)[field]!);
  }
  return flat;
}

/** A name per i32. */
const flatNames = (types: ArgTypes): string[] =>
  Object.entries(types).flatMap(([arg, type]) => {
    if (typeof type === "string") return [arg];
    const fields = typeof type.of === "string" ? [""] : Object.keys(type.of);
    return Array.from({ length: type.count }, (_, i) => fields.map((field) => `${arg}${i}${field}`)).flat();
  });

/** The i32 parameters under their names again. */
function gather<A extends ArgTypes>(types: A, params: readonly IntVar[]): TakenArgs<A> {
  let next = 0;
  const take = (type: ScalarType): IntVar | Float<"f32"> => {
    const param = params[next++]!;
    return type === "float" ? param.asFloat() : param;
  };
  const takeEntry = (of: ScalarType | Fields) =>
    typeof of === "string"
      ? take(of)
      : Object.fromEntries(Object.entries(of).map(([field, type]) => [field, take(type)]));
  const entries = Object.entries(types).map(([arg, type]) => [
    arg,
    typeof type === "string" ? take(type) : Array.from({ length: type.count }, () => takeEntry(type.of)),
  ]);
  return Object.fromEntries(entries) as TakenArgs<A>;
}

/** Throws TypeError for a function that no name stands for: it would shape the code and leave the key as it is. */
function expectNamedFunctions(kernel: string, spec: unknown, isNamed = false): void {
  if (typeof spec === "function" && !isNamed)
    throw new TypeError(`${kernel}: its spec holds a function without a name beside it, expected { name, … }`);
  if (typeof spec !== "object" || spec === null) return;
  const hasName = isNamed || typeof (spec as { name?: unknown }).name === "string";
  for (const value of Object.values(spec)) expectNamedFunctions(kernel, value, hasName);
}

type EmitEntry<Spec, A extends ArgTypes> = (
  m: WasmModule,
  params: readonly string[],
  emissionOf: (f: FunctionBuilder, values: readonly IntVar[]) => [Emission<Spec>, TakenArgs<A>],
) => void;

function define<Spec, A extends ArgTypes>(
  { name, args, scratchPerWorker }: Declaration<Spec, A>,
  emitEntry: EmitEntry<Spec, A>,
): KernelDefinition<Spec, A> {
  if (names.has(name)) throw new TypeError(`${name}: a kernel of this name is defined already`);
  names.add(name);
  const typesOf = (spec: Spec): A => (typeof args === "function" ? args(spec) : args);
  const scratchBytes = (spec: Spec, target: Target): number =>
    scratchPerWorker ? alignUp(scratchPerWorker(spec, target), SCRATCH_ALIGNMENT) : 0;
  const emit = (m: WasmModule, spec: Spec): void => {
    expectNamedFunctions(name, spec);
    const types = typesOf(spec);
    const params = scratchPerWorker ? [...flatNames(types), "scratch"] : flatNames(types);
    emitEntry(m, params, (f, values) => {
      const emission: Emission<Spec> = {
        m,
        f,
        spec,
        get scratch() {
          if (!scratchPerWorker)
            throw new TypeError(`${name}: scratch is used, expected scratchPerWorker to declare it`);
          return values.at(-1)!.add(f.worker.mul(scratchBytes(spec, m.target)));
        },
      };
      return [emission, gather(types, values)];
    });
  };
  return {
    call(plan, { spec: given, tasks, args: values }) {
      const spec = given as Spec;
      const flat = flatten(name, typesOf(spec), values);
      if (scratchPerWorker) {
        const bytes = scratchBytes(spec, plan.target);
        flat.push(bytes > 0 ? plan.scratchPerWorker(bytes) : 0);
      }
      const key = given === undefined ? name : `${name} ${JSON.stringify(given)}`;
      const kernel: Kernel = { key, emit: (m) => emit(m, spec) };
      plan.call(kernel, tasks, flat);
    },
  };
}

/** A kernel by its tasks, one call of `emitTask`'s code each. */
export const defineKernel = <const A extends ArgTypes, Spec = unknown>(
  declaration: Declaration<Spec, A>,
  emitTask: (emission: Emission<Spec>, task: IntVar, args: TakenArgs<A>) => void,
): KernelDefinition<Spec, A> =>
  define(declaration, (m, params, emissionOf) =>
    runEachTask(m, params, (f, task, ...values) => {
      const [emission, args] = emissionOf(f, values);
      emitTask(emission, task, args);
    }),
  );

/** A kernel whose code does a run of tasks [begin, end) at once, where neighbours share work. */
export const defineRangeKernel = <const A extends ArgTypes, Spec = unknown>(
  declaration: Declaration<Spec, A>,
  emitRange: (emission: Emission<Spec>, range: { begin: IntVar; end: IntVar }, args: TakenArgs<A>) => void,
): KernelDefinition<Spec, A> =>
  define(declaration, (m, params, emissionOf) =>
    m.run(params, (f, begin, end, ...values) => {
      const [emission, args] = emissionOf(f, values);
      emitRange(emission, { begin, end }, args);
    }),
  );
