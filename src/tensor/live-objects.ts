/**
 * Which objects of a class the program can still reach, found at once: for loops that never let the event loop turn, in which
 * finalizers do not run. Node's inspector collects garbage and lists what is left; elsewhere the answer is null.
 */
import { builtin } from "../util/platform.js";

interface Found {
  readonly result?: { readonly objectId: string };
  readonly objects?: { readonly objectId: string };
}

/** Name under which the page of the inspector reaches what it looks for. */
const KEY = "__tensoroneLiveObjects";

/**
 * The reachable objects whose prototype is `prototype`; null where that cannot be told. Takes a full garbage collection,
 * some 50 to 200 ms.
 */
export function liveObjects<T>(prototype: object): readonly T[] | null {
  const globals = globalThis as Record<string, unknown>;
  let found: readonly T[] | null = null;
  try {
    const Session = builtin("node:inspector")?.Session;
    if (!Session) return null;
    const session = new Session();
    session.connect();
    // post() calls back before it returns
    const post = (method: string, parameters: object): Found => {
      let answer: Found = {};
      session.post(method, parameters, (error: Error | null, value?: object) => {
        if (!error && value) answer = value as Found;
      });
      return answer;
    };
    globals[KEY] = {
      prototype,
      take(objects: readonly T[]) {
        found = objects;
      },
    };
    const prototypeObjectId = post("Runtime.evaluate", { expression: `${KEY}.prototype` }).result?.objectId;
    const objectId = post("Runtime.queryObjects", { prototypeObjectId }).objects?.objectId;
    if (objectId)
      post("Runtime.callFunctionOn", { objectId, functionDeclaration: `function () { ${KEY}.take(this); }` });
    session.disconnect();
  } catch {
    return null;
  } finally {
    delete globals[KEY];
  }
  return found;
}
