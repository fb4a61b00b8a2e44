/**
 * Lines of a shell, as far as documents use one: words, quotes, comments, continued lines, operators, substitutions, loops over
 * words, variables. Nothing is run here; a variable whose value is not on the page is empty.
 */

export interface Command {
  readonly words: readonly string[];
  /** Within the text, counted from 0. */
  readonly line: number;
}

const assignment = /^([A-Za-z_]\w*)=(.*)$/s;
/** Words that stand before a command and are none. */
const prefixes = new Set(["do", "then", "if", "while", "!", "sudo", "export", "exec"]);
const ends = new Set(["done", "fi", "else"]);

/** The end of a substitution whose "$(" is at `from`: the index of its ")". */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return i;
  }
  throw new Error(`shell: $( is never closed in ${text.slice(from)}`);
}

/** The commands of `text` in order, those of substitutions before the one that they stand in. Throws for quotes left open. */
export function commandsOf(text: string, variables: Map<string, string> = new Map()): readonly Command[] {
  const found: Command[] = [];
  let words: string[] = [];
  let word: string | null = null;
  let line = 0;
  let begun = 0;
  let redirected = false;

  const put = (piece: string): void => {
    if (word === null && words.length === 0) begun = line;
    word = (word ?? "") + piece;
  };
  const endWord = (): void => {
    if (word !== null && !redirected) words.push(word);
    if (word !== null) redirected = false;
    word = null;
  };
  const endCommand = (): void => {
    endWord();
    const rest = [...words];
    words = [];
    if (rest[0] === "for" && rest[2] === "in") {
      variables.set(rest[1]!, rest[3] ?? "");
      return;
    }
    // names may follow it without a value
    const isExport = rest[0] === "export";
    for (let first = rest[0]; first !== undefined; first = rest[0]) {
      const [, name, value] = assignment.exec(first) ?? [];
      if (name !== undefined) variables.set(name, value!);
      else if (!isExport && !prefixes.has(first)) break;
      rest.shift();
    }
    if (rest.length > 0 && !ends.has(rest[0]!)) found.push({ words: rest, line: begun });
  };
  /** What follows "$" at `i`; the index of its last character. */
  function expand(i: number, isQuoted: boolean): number {
    if (text[i + 1] === "(") {
      const end = closing(text, i);
      found.push(...commandsOf(text.slice(i + 2, end), variables).map((one) => ({ ...one, line: one.line + line })));
      put("");
      return end;
    }
    const name = /^\$(\w+|\{\w+\})/.exec(text.slice(i))?.[1];
    if (name === undefined) {
      put("$");
      return i;
    }
    const value = variables.get(name.replace(/[{}]/g, "")) ?? "";
    // unquoted and empty, it is no word at all
    if (value !== "" || isQuoted) put(value);
    return i + name.length;
  }

  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\") {
      i++;
      if (text[i] === "\n") line++;
      else put(text[i] ?? "");
    } else if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) throw new Error("shell: ' is never closed");
      put(text.slice(i + 1, end));
      i = end;
    } else if (c === '"') {
      put("");
      for (i++; text[i] !== '"'; i++) {
        if (i >= text.length) throw new Error('shell: " is never closed');
        if (text[i] === "$") i = expand(i, true);
        else {
          put(text[i]!);
          if (text[i] === "\n") line++;
        }
      }
    } else if (c === "$") i = expand(i, false);
    else if (c === "#" && word === null) {
      while (i + 1 < text.length && text[i + 1] !== "\n") i++;
    } else if (c === "<" || c === ">") {
      endWord();
      redirected = true;
    } else if (c === " " || c === "\t") endWord();
    else if ("\n;&|()".includes(c)) {
      endCommand();
      if (c === "\n") line++;
    } else put(c);
  }
  endCommand();
  return found;
}
