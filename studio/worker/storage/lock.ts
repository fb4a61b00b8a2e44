/** One tab a project: a lock that the browser takes back when the worker ends, however it ends. */
import { Fault } from "../fault.js";

/** A page that is reloaded lets go a moment after its successor asks. */
const PATIENCE_MS = 3000;

/** Lets go when called. Throws a Fault "locked". Without Web Locks, in pages that are not secure, there is no shared storage either. */
export async function lockProject(project: string): Promise<() => void> {
  if (!navigator.locks) return () => {};
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(
        `tensorone-studio/${project}`,
        { signal: AbortSignal.timeout(PATIENCE_MS) },
        () => new Promise<void>((release) => resolve(release)),
      )
      .catch(() =>
        reject(
          new Fault("locked", "this project is open in another tab", "go on there, or close that tab and reload", true),
        ),
      );
  });
}
