/**
 * Names that do not come through or cannot be told apart: bytes that are no UTF-8, which JavaScript cannot give back to the disk, and
 * names that look the same and are not (é as one code point and as two: macOS writes the second). Node only.
 */
import { readdirSync } from "node:fs";
import { DataError } from "../../util/errors.js";
import type { Report } from "./sample.js";

const REPLACEMENT = "\ufffd";

/** Bytes as text: what is no ASCII as \xNN. */
const asAscii = (bytes: Uint8Array): string =>
  [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");

/** The names among `names`, those of `folder`, that come through as they are; the others are reported by their bytes. */
export function soundNames(folder: string, names: readonly string[], report: Report): ReadonlySet<string> {
  const sound = new Set(names);
  if (!names.some((name) => name.includes(REPLACEMENT))) return sound;
  const torn = readdirSync(folder, { encoding: "buffer" }).filter(
    (bytes) => !Buffer.from(bytes.toString()).equals(bytes),
  );
  for (const bytes of torn) sound.delete(bytes.toString());
  if (torn.length > 0)
    report(
      new DataError(
        `${folder}: ${torn.length === 1 ? "a name is" : `${torn.length} names are`} no UTF-8 (${asAscii(torn[0]!)}), expected names in UTF-8`,
        "rename: convmv -f latin1 -t utf8 -r --notest FOLDER does so for names in Latin-1",
      ),
    );
  return sound;
}

const composed = (name: string): string => name.normalize("NFC");

/** A name among `names` that looks like `name` and is another. */
export const twinOf = (name: string, names: Iterable<string>): string | undefined =>
  [...names].find((other) => other !== name && composed(other) === composed(name));

/** A name with its code points beyond ASCII as \u{…}, so that twins are told apart. */
export const spelled = (name: string): string =>
  name.replace(/[^\x20-\x7e]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

/** A hint on such a name; undefined where there is none. */
export function twinHint(name: string, names: Iterable<string>): string | undefined {
  const twin = twinOf(name, names);
  if (twin === undefined) return undefined;
  return `${spelled(twin)} is there, which looks like ${spelled(name)}: give both one form (convmv -f utf8 -t utf8 --nfc -r --notest FOLDER)`;
}

/** A line for each pair of names that look the same. */
export function twinNotices(where: string, names: readonly string[]): string[] {
  const forms = new Map<string, string>();
  const notices: string[] = [];
  for (const name of names) {
    const first = forms.get(composed(name));
    if (first === undefined) forms.set(composed(name), name);
    else notices.push(`${where}: classes ${spelled(first)} and ${spelled(name)} look the same and are two`);
  }
  return notices;
}
