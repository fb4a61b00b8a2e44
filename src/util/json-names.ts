/**
 * Names that stand twice in an object of JSON. JSON.parse takes the last of them, other readers the first (RFC 8259, section 4): two
 * programs would read two things out of one file. Without recursion, a million levels deep costs no stack.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the text in quotes that begins at `from` ends, behind its last quote. */
function endOfText(json: string, from: number): number {
  let end = json.indexOf('"', from + 1);
  for (; end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return json.length;
}

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);

/** The first name that an object of `json`, which has to be sound, holds a second time; undefined where there is none. */
export function repeatedName(json: string): string | undefined {
  /** Names of the objects that are open; of a list, null. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfText(json, at);
      let next = end;
      while (isSpace(json.charCodeAt(next))) next++;
      const names = open.at(-1);
      if (names && json[next] === ":") {
        const name = JSON.parse(json.slice(at, end)) as string;
        if (names.has(name)) return name;
        names.add(name);
      }
      at = end - 1;
    } else if (code === 0x7b) open.push(new Set());
    else if (code === 0x5b) open.push(null);
    else if (code === 0x7d || code === 0x5d) open.pop();
  }
  return undefined;
}
