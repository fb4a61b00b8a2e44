/**
 * A path or a word as a shell takes it. Node only.
 */
import { isAbsolute, relative } from "node:path";
import { steering } from "./visible-text.js";

/**
 * A word of a command line, quoted where a shell would read it otherwise; characters that steer a terminal as escapes, which bash, zsh
 * and ksh read (ANSI-C quoting).
 */
export function shellWord(text: string): string {
  if (/^[\w./@%+=:,-]+$/.test(text)) return text;
  if (!steering.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = (sign: string) =>
    steering.test(sign)
      ? [...Buffer.from(sign)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")
      : sign.replace(/[\\']/, "\\$&");
  return `$'${[...text].map(escaped).join("")}'`;
}

/** A path as short as it can be written from the current folder, quoted where a shell needs it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return shellWord(isAbsolute(path) && !short.startsWith("..") ? short || "." : path);
}
