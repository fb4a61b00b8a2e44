/**
 * The path in every error of the system. A call on an open file, and a read of what turns out to be a folder, fail without one:
 * "ENOSPC: no space left on device, write" does not say which disk is full.
 */

/** `error` with `path` in its message and as its field, where it is one of the system's (it names a call) and has none. */
export function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error;
  const fault = error as NodeJS.ErrnoException;
  if (fault.syscall === undefined || fault.path !== undefined) return error;
  fault.path = path;
  fault.message = `${fault.message} '${path}'`;
  return fault;
}

/** What `work` gives; where the system refuses, its error names `path`. */
export async function namingPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPath(error, path);
  }
}

/** The same at once. */
export function namingPathSync<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPath(error, path);
  }
}
