/**
 * The TypeScript in public docstrings: fenced blocks of doc comments, which editors show on hover. An example stands for
 * itself: it needs no imports, as the public names that it uses are there, and nothing else is.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Block, blocksIn, linesOf, packageRoot } from "./blocks.js";

/** The lines of a file with everything blank but the text of doc comments. */
function docLines(lines: readonly string[]): readonly string[] {
  let isInside = false;
  return lines.map((line) => {
    if (/^\s*\/\*\*/.test(line)) isInside = true;
    const text = isInside ? line.replace(/^\s*(\/\*\*|\*(?!\/)) ?/, "").replace(/\s*\*\/.*$/, "") : "";
    if (line.includes("*/")) isInside = false;
    return text;
  });
}

/** Examples of every source file, by file. */
export const examples: readonly Block[] = readdirSync(join(packageRoot, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .flatMap((name) => blocksIn(`src/${name}`, docLines(linesOf(`src/${name}`))))
  .filter(({ language }) => language === "ts");

/**
 * The line that makes the public names of an example known: from the main entry what is there, the rest from the Node one.
 * Empty for an example that imports by itself.
 */
export function importsFor(code: readonly string[], main: readonly string[], node: readonly string[]): string {
  const text = code.join("\n");
  if (/^\s*import\s/m.test(text)) return "";
  // a property such as x.add is no use of the function add; one made here is its own
  const words = new Set(text.match(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g));
  const made = new Set(
    [...text.matchAll(/\b(?:const|let|class|function)\s+([\w$]+|[{[][^=]*)/g)].flatMap(
      ([, names]) => names!.match(/[\w$]+/g) ?? [],
    ),
  );
  const wanted = node.filter((name) => words.has(name) && !made.has(name));
  const known = new Set(main);
  const line = (names: readonly string[], entry: string): string =>
    names.length > 0 ? `import { ${names.join(", ")} } from "${entry}"; ` : "";
  return (
    line(
      wanted.filter((name) => known.has(name)),
      "tensorone",
    ) +
    line(
      wanted.filter((name) => !known.has(name)),
      "tensorone/node",
    )
  );
}
