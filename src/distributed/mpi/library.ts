/**
 * Finds the MPI library at run time and speaks its dialect: Open MPI's handles are addresses of objects in the library,
 * those of MPICH and its kin (Intel MPI, MVAPICH) are 32-bit numbers. Calls go through koffi, an optional package.
 */
import type Koffi from "koffi";
import { DistributedError } from "../../util/errors.js";
import { installLine } from "../../util/optional-packages.js";

type Library = ReturnType<typeof Koffi.load>;
/** A handle as koffi takes it: an address, or a number. */
type Handle = unknown;

/** The few functions that messages between two ranks need. All return MPI_SUCCESS or end the job. */
export interface Mpi {
  /** E.g. "Open MPI 4.1.4". */
  readonly version: string;
  /** Bytes of a request in an array of them. */
  readonly requestBytes: number;
  initThread(level: number): number;
  rank(): number;
  size(): number;
  /** `request` points at the slot of the request. */
  send(bytes: Uint8Array, to: number, tag: number, request: Uint8Array): void;
  receive(bytes: Uint8Array, from: number, tag: number, request: Uint8Array): void;
  /** Of the first `count` requests, the indices of those that are done go to `indices`; returns how many. */
  testSome(count: number, requests: Uint8Array, indices: Int32Array): number;
  finalize(): void;
  /** Ends all ranks; does not return. */
  abort(exitCode: number): void;
}

interface Dialect {
  /** As MPI_Get_library_version begins. */
  readonly matches: RegExp;
  readonly handleType: "void *" | "int";
  readonly requestBytes: number;
  readonly world: (library: Library) => Handle;
  readonly byte: (library: Library) => Handle;
  /** (MPI_Status *) that asks for none. */
  readonly ignoreStatuses: number;
}

const dialects: readonly Dialect[] = [
  {
    matches: /^Open MPI/,
    handleType: "void *",
    requestBytes: 8,
    world: (library) => library.symbol("ompi_mpi_comm_world"),
    byte: (library) => library.symbol("ompi_mpi_byte"),
    ignoreStatuses: 0,
  },
  {
    // values of mpi.h of MPICH 3 and 4, shared by its ABI initiative
    matches: /^(MPICH|Intel|MVAPICH)/,
    handleType: "int",
    requestBytes: 4,
    world: () => 0x44000000,
    byte: () => 0x4c00010d,
    ignoreStatuses: 1,
  },
];

/** Of Open MPI 4 and 5, of MPICH on Debian and elsewhere; TENSORONE_MPI_LIBRARY names another one. */
const libraryNames = ["libmpi.so.40", "libmpich.so.12", "libmpi.so.12"];
const MAX_VERSION_BYTES = 8192;
const INSTALL = "apt install openmpi-bin libopenmpi3, or --transport sockets";

/** The library, loaded. Throws DistributedError where koffi or MPI is missing, or speaks an unknown dialect. */
export async function loadMpi(): Promise<Mpi> {
  const koffi = await loadKoffi();
  const library = openLibrary(koffi);
  const fullVersion = readVersion(library);
  const dialect = dialects.find(({ matches }) => matches.test(fullVersion));
  if (!dialect) throw new DistributedError(`mpi: "${fullVersion}", expected Open MPI or MPICH and its kin`, INSTALL);
  return bind(library, dialect, shortVersion(fullVersion));
}

/** Why MPI cannot be used; null where it can. */
export async function mpiTrouble(): Promise<DistributedError | null> {
  try {
    await loadMpi();
    return null;
  } catch (error) {
    if (error instanceof DistributedError) return error;
    throw error;
  }
}

async function loadKoffi(): Promise<typeof Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    throw new DistributedError(
      `mpi: the package koffi cannot be loaded: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
      `${installLine("koffi")}, or --transport sockets`,
    );
  }
}

function openLibrary(koffi: typeof Koffi): Library {
  const chosen = process.env.TENSORONE_MPI_LIBRARY;
  // a rank of MPICH's hydra must not meet Open MPI, which would take itself for the only one
  const isHydra = process.env.PMI_RANK !== undefined && process.env.PMIX_RANK === undefined;
  const names = chosen !== undefined ? [chosen] : isHydra ? [...libraryNames.slice(1), libraryNames[0]!] : libraryNames;
  leaveMemoryAlone();
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {
      // the next one
    }
  }
  throw new DistributedError(`mpi: none of ${names.join(", ")} can be loaded`, INSTALL);
}

/**
 * UCX, below Debian's MPICH, patches malloc's system calls in the running process to hear of freed memory. The threads of
 * V8 are calling them just then: now and then a rank dies by SIGSEGV at its start. Only network cards gain from it.
 */
function leaveMemoryAlone(): void {
  process.env.UCX_MEM_EVENTS ??= "n";
}

/** The one call that is allowed before MPI_Init and tells the dialect. */
function readVersion(library: Library): string {
  const text = Buffer.alloc(MAX_VERSION_BYTES);
  const length = new Int32Array(1);
  library.func("MPI_Get_library_version", "int", ["void *", "void *"])(text, length);
  return text.toString("latin1", 0, length[0]).trim();
}

/** "Open MPI v4.1.4, package: …" -> "Open MPI 4.1.4"; "MPICH Version:\t4.0.2\n…" -> "MPICH 4.0.2". */
function shortVersion(text: string): string {
  const [, name, version] = /^([A-Za-z]+(?: MPI)?)\D*([\d.]+\w*)/.exec(text) ?? [];
  return name === undefined ? text.slice(0, 40) : `${name} ${version}`;
}

function bind(library: Library, dialect: Dialect, version: string): Mpi {
  const { handleType: handle, ignoreStatuses, requestBytes } = dialect;
  const world = dialect.world(library);
  const byte = dialect.byte(library);
  const define = (name: string, ...parameters: string[]) => {
    const call = library.func(name, "int", parameters);
    return (...args: unknown[]) => {
      const code = call(...args) as number;
      if (code !== 0) throw new DistributedError(`mpi: ${name} returned ${code}`);
    };
  };
  const initThread = define("MPI_Init_thread", "void *", "void *", "int", "void *");
  const commRank = define("MPI_Comm_rank", handle, "void *");
  const commSize = define("MPI_Comm_size", handle, "void *");
  const message = ["void *", "int", handle, "int", "int", handle, "void *"];
  const isend = define("MPI_Isend", ...message);
  const irecv = define("MPI_Irecv", ...message);
  const testSome = define("MPI_Testsome", "int", "void *", "void *", "void *", "intptr_t");
  const finalize = define("MPI_Finalize");
  const abort = define("MPI_Abort", handle, "int");
  const out = new Int32Array(1);
  return {
    version,
    requestBytes,
    initThread(level) {
      initThread(null, null, level, out);
      return out[0]!;
    },
    rank() {
      commRank(world, out);
      return out[0]!;
    },
    size() {
      commSize(world, out);
      return out[0]!;
    },
    send: (bytes, to, tag, request) => isend(bytes, bytes.length, byte, to, tag, world, request),
    receive: (bytes, from, tag, request) => irecv(bytes, bytes.length, byte, from, tag, world, request),
    testSome(count, requests, indices) {
      testSome(count, requests, out, indices, ignoreStatuses);
      return out[0]!;
    },
    finalize: () => finalize(),
    abort: (exitCode) => abort(world, exitCode),
  };
}
