/**
 * What a file from somewhere may cost: one table of limits that every reader takes from, so that no file fills the memory, exhausts the
 * stack or keeps a processor busy. The limits lie well above real files; who has a larger one raises them, in code or by TENSORONE_BUDGET.
 */
import { type TensoroneError, UsageError } from "./errors.js";
import { environmentVariable, setEnvironmentVariable } from "./platform.js";

interface Limit {
  /** What is allowed when nobody asked for more. */
  readonly most: number;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** Who counts it. */
  readonly about: string;
  /** The largest that real files come to. */
  readonly real: string;
}

/** The limits, in the order of docs/faults.md. */
export const budgetLimits = {
  fileBytes: {
    most: 2 ** 31 - 1,
    unit: "bytes of a file",
    about: "weights, checkpoints and downloads, which are read whole",
    real: "MobileOne-S4 60 MB, a ResNet-152 with averages and momentum 483 MB, ViT-L/16 1.2 GB",
  },
  textBytes: {
    most: 256e6,
    unit: "bytes of text",
    about: "CSV files, lists of pictures, classes.txt, recipe files",
    real: "a CSV file of ImageNet's 1.28 million pictures 80 MB",
  },
  samples: {
    most: 5e6,
    unit: "samples",
    about: "lines of CSV files and of lists, pictures of shards",
    real: "ImageNet 1.28 million, iNaturalist 2.7 million; ImageNet-21k has 14 million, and wants it raised",
  },
  jsonBytes: {
    most: 64e6,
    unit: "bytes of JSON",
    about: "headers of safetensors files, checkpoints, runs, indexes of shards",
    real: "the header of MobileOne-S0 in training form 152 kB, the index of a shard of 43,000 pictures 2.3 MB",
  },
  jsonValues: {
    most: 4e6,
    unit: "values in JSON",
    about: "the same: every name, text and number, and four for an object or a list",
    real: "172,000 for a shard of 43,000 pictures, 30,000 for the entries of MobileOne-S0",
  },
  depth: {
    most: 100,
    unit: "levels of nesting",
    about: "JSON, recipe files, dictionaries around a state dict",
    real: "a recipe 5",
  },
  entries: {
    most: 100e3,
    unit: "entries",
    about:
      "tensors of a weights file, members of a ZIP archive, shards and classes of a data set, columns of a CSV file",
    real: "a checkpoint of MobileOne-S0 3,291; ImageNet-21k has 21,841 classes",
  },
  nameBytes: {
    most: 4096,
    unit: "bytes of a name",
    about: "names of tensors, of members of archives, of classes in a pickle",
    real: "a tensor 62",
  },
  pickleObjects: {
    most: 500e3,
    unit: "pickled objects",
    about: "lists, tuples, dictionaries, texts, tensors, calls and marks of a .pth file, keys and places of its memo",
    real: "MobileOne-S0 25,000, a ResNet-152 with averages and momentum 48,000",
  },
  steps: {
    most: 5e6,
    unit: "steps of work",
    about: "opcodes of a .pth file, elements of its lists each time that something is made of them, numbers as keys",
    real: "a ResNet-152 with averages and momentum 130,000",
  },
  inflatedBytes: {
    most: 128 * 2 ** 20,
    unit: "bytes when unpacked",
    about: "compressed shards (.tar.gz), which are unpacked in memory",
    real: "the 2,000 training pictures of the demo set 3.6 MB; prepare writes shards that are not compressed",
  },
  pixels: {
    most: 100e6,
    unit: "pixels",
    about: "pictures of any format",
    real: "ImageNet's largest 61 million",
  },
  pictureBytes: {
    most: 512 * 2 ** 20,
    unit: "bytes for decoding",
    about: "what a decoder holds of one picture beside its file",
    real: "a progressive JPEG of 61 million pixels 366 MB",
  },
  scanBlocks: {
    most: 100e6,
    unit: "coded blocks",
    about: "JPEG pictures: scans times the blocks of 8 × 8 that each goes over",
    real: "ten scans of 4:2:0 over 61 million pixels 14 million",
  },
} as const satisfies Readonly<Record<string, Limit>>;

/** What a limit is called. */
export type BudgetName = keyof typeof budgetLimits;
/** A number for each limit. */
export type BudgetValues = { readonly [N in BudgetName]: number };

/** Names and numbers, as in "pixels=2e8,depth=500". */
const VARIABLE = "TENSORONE_BUDGET";
const isName = (name: string): name is BudgetName => Object.hasOwn(budgetLimits, name);
const names = Object.keys(budgetLimits).filter(isName);

function checked(changes: Iterable<readonly [string, number]>, where: string): Partial<BudgetValues> {
  const found: { -readonly [N in BudgetName]?: number } = {};
  for (const [name, most] of changes) {
    if (!isName(name)) throw new UsageError(`${where}: ${name}, expected one of ${names.join(", ")}`);
    if (!(most > 0)) throw new UsageError(`${where}: ${name} is ${most}, expected a number above 0`);
    found[name] = most;
  }
  return found;
}

function fromEnvironment(): Partial<BudgetValues> {
  const parts = (environmentVariable(VARIABLE) ?? "").split(",").filter((part) => part.trim() !== "");
  const pairs = parts.map((part) => {
    const [name = "", most = ""] = part.split("=");
    return [name.trim(), most.trim() === "" ? Number.NaN : Number(most)] as const;
  });
  return checked(pairs, VARIABLE);
}

const usual = Object.fromEntries(names.map((name) => [name, budgetLimits[name].most])) as unknown as BudgetValues;
let current: BudgetValues | null = null;

/**
 * The limits that hold now. Throws UsageError where TENSORONE_BUDGET names none or holds no numbers.
 *
 * @example
 * ```ts
 * console.log(getBudget().pixels); // 100000000
 * ```
 */
export function getBudget(): BudgetValues {
  current ??= { ...usual, ...fromEnvironment() };
  return current;
}

/**
 * Raises or lowers limits from now on, for threads and processes started later too; Infinity takes one away. Returns the limits before.
 * Throws UsageError for a name that is none, or no number above 0.
 *
 * @example
 * ```ts
 * const before = setBudget({ pixels: 400e6 });
 * console.log(getBudget().pixels); // 400000000
 * setBudget(before);
 * ```
 */
export function setBudget(changes: Partial<BudgetValues>): BudgetValues {
  const before = getBudget();
  current = { ...before, ...checked(Object.entries(changes), "setBudget") };
  setEnvironmentVariable(VARIABLE, textOf(current));
  return before;
}

const textOf = (values: BudgetValues): string =>
  names.flatMap((name) => (values[name] === budgetLimits[name].most ? [] : [`${name}=${values[name]}`])).join(",");

/** The environment of a thread or process that has the limits of this one but for `changes`. Throws as setBudget does. */
export const environmentWithin = (changes: Partial<BudgetValues>): Readonly<Record<string, string>> => ({
  [VARIABLE]: textOf({ ...getBudget(), ...checked(Object.entries(changes), "environmentWithin") }),
});

/** The error of a reader. */
export type Fault = new (message: string, hint?: string) => TensoroneError;

/** What one file may still take; errors are of the class that its reader throws, and begin with `where`. */
export class Budget {
  readonly #where: string;
  readonly #fault: Fault;
  readonly #spent = new Map<BudgetName, number>();

  constructor(where: string, fault: Fault) {
    this.#where = where;
    this.#fault = fault;
  }

  /** Throws where `amount` alone is above the limit, Infinity for what was not counted to its end; `of` says of what in the file. */
  check(name: BudgetName, amount: number, of?: string): void {
    const came = amount === Number.POSITIVE_INFINITY ? "more" : String(amount);
    if (!(amount <= getBudget()[name])) throw this.#over(name, came, of);
  }

  /** Counts `amount` to what the file took before, and throws where that is above the limit. */
  spend(name: BudgetName, amount: number, of?: string): void {
    const spent = (this.#spent.get(name) ?? 0) + amount;
    this.#spent.set(name, spent);
    if (!(spent <= getBudget()[name])) throw this.#over(name, `at least ${spent}`, of);
  }

  /** What is left of a limit: for loops that count by themselves. */
  left(name: BudgetName): number {
    return getBudget()[name] - (this.#spent.get(name) ?? 0);
  }

  #over(name: BudgetName, amount: string, of: string | undefined): TensoroneError {
    const place = of === undefined ? this.#where : `${this.#where}: ${of}`;
    return new this.#fault(
      `${place}: ${amount} ${budgetLimits[name].unit}, expected at most ${getBudget()[name]}`,
      `made to exhaust the machine, or rare: where you trust it, ${VARIABLE}=${name}=NUMBER or setBudget in code raises it`,
    );
  }
}
