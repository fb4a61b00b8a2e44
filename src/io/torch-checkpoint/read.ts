/**
 * A file of torch.save as values: the ZIP archive of PyTorch 1.6 and later, or the row of pickles before that. What the
 * objects are for is not known here.
 */
import { Budget } from "../../util/budget.js";
import { clipped } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { codes } from "../element-codes.js";
import { foreignArchive } from "../foreign-files.js";
import { expectHarmlessCall, expectHarmlessName } from "./names.js";
import { unpickle } from "./pickle.js";
import { expectKey, type PickleHost } from "./pickle-machine.js";
import { elementCodeOf, isViewGeometry } from "./tensors.js";
import { GlobalName, kindOf, Placeholder, type TorchStorage, TorchTensor } from "./values.js";
import { isZip } from "./zip-format.js";
import { ZipReader } from "./zip-reader.js";

/** Pickles of protocol 2 and later begin with it. */
const PROTO = 0x80;
/** torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION of the format before 1.6. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
/** What torch/csrc/jit writes beside data.pkl. */
const SCRIPT_MEMBER = "constants.pkl";

/** Whether bytes begin as a file of torch.save does. */
export const isTorchFile = (bytes: Uint8Array): boolean =>
  isZip(bytes) || (bytes[0] === PROTO && !isSafetensors(bytes));

/** A safetensors file may begin with any byte, its header's length; then that length is below 4 GiB, and JSON follows. */
const isSafetensors = (bytes: Uint8Array): boolean =>
  bytes.subarray(4, 8).every((byte) => byte === 0) && bytes[8] === "{".charCodeAt(0);

/** The object in a file of torch.save; `where` names it in errors. Throws CheckpointError. */
export function decodeTorchFile(bytes: Uint8Array, where = "torch"): unknown {
  return isZip(bytes) ? decodeArchive(bytes, where) : decodeLegacy(bytes, where);
}

function decodeArchive(bytes: Uint8Array, where: string): unknown {
  const zip = new ZipReader(bytes, where);
  const main = zip.names.find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (main === undefined)
    throw new CheckpointError(
      `${where}: ${foreignArchive(zip.names) ?? "a ZIP archive"} without data.pkl, expected a file of torch.save`,
      zip.names.length === 0 ? "it is empty" : `its first member is ${clipped(zip.names[0]!)}`,
    );
  const root = main.slice(0, main.length - "data.pkl".length);
  if (zip.names.includes(root + SCRIPT_MEMBER))
    throw new CheckpointError(
      `${where}: a TorchScript archive, expected weights`,
      "in Python: torch.save(torch.jit.load(file).state_dict(), new_file)",
    );
  const order = new TextDecoder().decode(zip.read(`${root}byteorder`) ?? new Uint8Array());
  const load = (key: string): Uint8Array | undefined => zip.read(`${root}data/${key}`);
  const budget = new Budget(where, CheckpointError);
  return unpickle(zip.read(main)!, new TorchHost(where, budget, load, order.trim() === "big"), where, { budget }).value;
}

/** Magic number, protocol, system, the object, the keys of its storages; then for each its length and its elements. */
function decodeLegacy(bytes: Uint8Array, where: string): unknown {
  const data = new Map<string, Uint8Array>();
  let isBigEndian = false;
  const budget = new Budget(where, CheckpointError);
  const host = new TorchHost(
    where,
    budget,
    (key) => data.get(key),
    () => isBigEndian,
  );
  let at = 0;
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, host, where, { at, budget });
    at = end;
    return value;
  };
  const [magic, protocol] = [next(), next()];
  if (magic !== LEGACY_MAGIC || protocol !== LEGACY_PROTOCOL)
    throw new CheckpointError(`${where}: a pickle, but not one that torch.save wrote`, "expected .pth or .safetensors");
  const system = next();
  isBigEndian = system instanceof Map && system.get("little_endian") === false;
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new CheckpointError(`${where}: the list of its storages is missing`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const storage = typeof key === "string" ? host.storages.get(key) : undefined;
    const size = storage ? storage.length * codes[storage.code].bytes : 0;
    if (!storage || at + 8 + size > bytes.length || view.getBigInt64(at, !isBigEndian) !== BigInt(storage.length))
      throw new CheckpointError(
        `${where}: storage ${typeof key === "string" ? clipped(key) : kindOf(key)} is not whole`,
        "the file is truncated or damaged",
      );
    data.set(storage.key, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return value;
}

const FROM_TYPE = "torch._tensor._rebuild_from_type_v2";

type Call = (host: TorchHost, args: readonly unknown[]) => unknown;

/** Calls that mean something here; all others give placeholders. */
const known: Readonly<Record<string, Call>> = {
  "collections.OrderedDict": (host, [pairs]) => host.dictionary(pairs),
  "torch._utils._rebuild_tensor": (host, args) => host.tensor(args),
  "torch._utils._rebuild_tensor_v2": (host, args) => host.tensor(args),
  "torch._utils._rebuild_parameter": (_, [tensor]) => tensor,
  "torch._utils._rebuild_parameter_with_state": (_, [tensor]) => tensor,
  // what it would call in turn is another of these rows; one that names itself stays unknown
  [FROM_TYPE]: (host, [callee, , args]) =>
    callee instanceof GlobalName && callee.name !== FROM_TYPE && Array.isArray(args)
      ? host.call(callee.name, args)
      : new Placeholder(FROM_TYPE, []),
};

class TorchHost implements PickleHost {
  readonly storages = new Map<string, TorchStorage>();
  readonly #where: string;
  readonly #budget: Budget;
  readonly #load: (key: string) => Uint8Array | undefined;
  readonly #isBigEndian: () => boolean;

  constructor(
    where: string,
    budget: Budget,
    load: (key: string) => Uint8Array | undefined,
    isBigEndian: boolean | (() => boolean),
  ) {
    this.#where = where;
    this.#budget = budget;
    this.#load = load;
    this.#isBigEndian = typeof isBigEndian === "boolean" ? () => isBigEndian : isBigEndian;
  }

  name(full: string): GlobalName {
    this.#budget.check("nameBytes", full.length, clipped(full));
    const known = this.#names.get(full);
    if (known) return known;
    expectHarmlessName(full, this.#where);
    const name = new GlobalName(full);
    this.#names.set(full, name);
    return name;
  }

  call(callee: string, args: readonly unknown[]): unknown {
    const meaning = Object.hasOwn(known, callee) ? known[callee] : undefined;
    if (meaning) return meaning(this, args);
    if (!this.#callable.has(callee)) expectHarmlessCall(callee, this.#where);
    this.#callable.add(callee);
    return new Placeholder(callee, args);
  }

  /** ("storage", class, key, device, length[, view]): where the elements lie. */
  persistent(id: unknown): unknown {
    const [kind, type, key, , length, part = null] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || !(type instanceof GlobalName) || typeof key !== "string" || part !== null)
      throw new CheckpointError(`${this.#where}: a persistent id that is no storage`, "the file is damaged");
    const found = this.storages.get(key);
    if (found) return found;
    const code = elementCodeOf(type.name);
    if (code === undefined) return new Placeholder(type.name, []);
    if (!Number.isSafeInteger(length) || length < 0)
      throw new CheckpointError(`${this.#where}: storage ${clipped(key)} has no length`, "the file is damaged");
    const storage: TorchStorage = { key, code, length, load: () => this.#elements(storage) };
    this.storages.set(key, storage);
    return storage;
  }

  readonly #loaded = new Map<string, Uint8Array>();
  /** Looked at once: a file may mention a name a million times. */
  readonly #names = new Map<string, GlobalName>();
  readonly #callable = new Set<string>();

  #elements({ key, code, length }: TorchStorage): Uint8Array {
    const before = this.#loaded.get(key);
    if (before) return before;
    const data = this.#load(key);
    const size = length * codes[code].bytes;
    if (!data || data.length < size)
      throw new CheckpointError(
        `${this.#where}: storage ${clipped(key)} of ${length} elements needs ${size} bytes, the file has ${data?.length ?? 0}`,
        "the file is damaged or truncated",
      );
    const elements = this.#isBigEndian() ? swapped(data, codes[code].bytes) : data;
    this.#loaded.set(key, elements);
    return elements;
  }

  /** From a list of pairs, which any number of dictionaries may be made of: it is counted before it is gone over. */
  dictionary(pairs: unknown): Map<unknown, unknown> {
    const found = new Map<unknown, unknown>();
    if (!Array.isArray(pairs)) return found;
    this.#budget.spend("steps", pairs.length);
    for (const pair of pairs)
      if (Array.isArray(pair) && pair.length === 2) {
        expectKey(this.#budget, pair[0], found.size);
        found.set(pair[0], pair[1]);
      }
    return found;
  }

  tensor([storage, offset, shape, strides]: readonly unknown[]): unknown {
    if (storage instanceof Placeholder) return new Placeholder(storage.of, []);
    if (!isStorage(storage) || !isViewGeometry(offset, shape, strides))
      throw new CheckpointError(`${this.#where}: a tensor without storage, offset, shape or strides`, "damaged file");
    return new TorchTensor(storage, offset as number, shape as number[], strides as number[]);
  }
}

const isStorage = (value: unknown): value is TorchStorage =>
  typeof value === "object" && value !== null && "load" in value && "code" in value;

/** A copy with the bytes of each element in the other order. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at + width <= copy.length; at += width) copy.subarray(at, at + width).reverse();
  return copy;
}
