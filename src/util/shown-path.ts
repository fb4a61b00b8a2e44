/**
 * A path or a word as a shell takes it. Node only.
 */
import { isAbsolute, relative } from "node:path";

/** A word of a command line, quoted where a shell would read it otherwise. */
export const shellWord = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A path as short as it can be written from the current folder, quoted where a shell needs it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return shellWord(isAbsolute(path) && !short.startsWith("..") ? short || "." : path);
}
