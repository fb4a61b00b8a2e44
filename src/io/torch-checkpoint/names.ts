/**
 * Which Python names a file of weights may mention. Nothing is ever executed, so this is not what keeps a reader safe: it is
 * what tells him that a file was made to do harm. Classes that are unknown stand as placeholders; functions that are
 * unknown, and whatever belongs to the operating system, are refused by name.
 */
import { CheckpointError } from "../../util/errors.js";

/** Modules whose names have no business among weights, whether called or not. */
const actingModules = new Set(
  (
    "os posix nt subprocess sys shutil socket ctypes importlib runpy pty commands popen2 webbrowser multiprocessing " +
    "signal code codeop pdb bdb timeit cProfile profile pickle _pickle marshal shelve tempfile urllib http ftplib " +
    "smtplib telnetlib asyncio threading concurrent platform resource builtins.eval builtins.exec builtins.compile " +
    "builtins.open builtins.input builtins.breakpoint builtins.__import__"
  ).split(" "),
);

/** Functions of saved objects that stand as placeholders when they are called. */
const inertFunctions = [
  /^torch\.(\w+$|_utils\.|_tensor\.|storage\.|nn\.parameter\.|serialization\._get_layout$|_C\.)/,
  /^numpy\.(\w+$|core\.|_core\.|random\.)/,
  /^(mmengine|mmcv|mmcls|mmpretrain|copyreg|copy_reg|datetime|collections|pathlib)\./,
  /^_codecs\.encode$/,
  /^builtins\.(getattr|complex|bytearray|slice|range|object|set|frozenset|int|float|str|bool|list|dict|tuple|bytes)$/,
];

/** Python 2's name of the module is the one that protocol 2 writes. */
const plain = (name: string): string => name.replace(/^__builtin__\./, "builtins.");
/** CapWords by Python's convention (PEP 8). */
const isClass = (name: string): boolean => /^_*[A-Z]/.test(name.slice(name.lastIndexOf(".") + 1));

/** Throws CheckpointError where a file mentions what it must not. */
export function expectHarmlessName(name: string, where: string): void {
  const parts = plain(name).split(".");
  if (actingModules.has(parts[0]!) || actingModules.has(parts.slice(0, 2).join("."))) throw refused(name, where);
}

/** Throws CheckpointError where a file would call a function that is not known to belong to saved objects. */
export function expectHarmlessCall(name: string, where: string): void {
  const full = plain(name);
  if (!isClass(full) && !inertFunctions.some((pattern) => pattern.test(full))) throw refused(name, where);
}

/** A name in a file may have any length. */
const LONGEST_SHOWN = 120;

const refused = (name: string, where: string): CheckpointError =>
  new CheckpointError(
    `${where}: the file asks Python to use ${name.slice(0, LONGEST_SHOWN)}, which weights do not need; nothing was run`,
    "do not open this file with torch.load: it may be made to do harm",
  );
