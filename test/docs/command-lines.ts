/**
 * What a line of a document asks for, checked without doing it: our own commands go through their own parser, scripts and files
 * must be there, and any other program is one of those that the pages are known to use.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { studyOf } from "../../bench/line.js";
import { loadStudy, studyNames } from "../../bench/studies/index.js";
import { commandOf } from "../../bench/study.js";
import { commandNamed } from "../../src/cli/commands/index.js";
import { parse } from "../../src/cli/parse.js";
import { packageRoot } from "./blocks.js";
import { commandsOf } from "./shell.js";

/** Programs that are not ours; what they are told is theirs to judge. */
const foreign = new Set(
  "apt apt-get [ base64 cd cp curl echo eval grep kubectl mkdir mpirun openssl read srun tail tar tensorone-gpu/measure torchrun wait".split(
    " ",
  ),
);
/** Verbs of npm that are no scripts. */
const npmVerbs = new Set(["ci", "install", "i"]);

const { scripts } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const studies = await Promise.all(studyNames.map(async (one) => [one, commandOf(await loadStudy(one))] as const));
/** What studies of bench/ take, by name. */
export const studyCommands = new Map(studies);

function understandBench(words: readonly string[]): void {
  if (words[0] === "--list") return;
  const { name, rest } = studyOf(words);
  parse(studyCommands.get(name)!, rest);
}

/** What a page calls by a short name: "`T` stands for `train …`". */
export function shortNames(page: string): ReadonlyMap<string, readonly string[]> {
  const said = page.replace(/\n/g, " ").matchAll(/`(\w+)` stands\s+for `([^`]+)`/g);
  return new Map([...said].map(([, name, text]) => [name!, text!.split(" ")]));
}

/** Throws where our command line would refuse these words, or some of them where "…" stands for more. */
export function understand(words: readonly string[], names: ReadonlyMap<string, readonly string[]> = new Map()): void {
  const [name, ...rest] = words.flatMap((word) => names.get(word) ?? (word === "…" ? [] : [word]));
  if (name === undefined) throw new Error("tensorone without a command");
  if (name === "--help" || name === "--version") return;
  const command = commandNamed(name);
  if (rest.includes("--help")) return;
  if (command.takesAnything) understandBench(rest);
  else parse(command, rest);
}

function expectFile(file: string): void {
  const source = file.replace(/^build\//, "").replace(/\.js$/, ".ts");
  if (![file, source].some((name) => existsSync(join(packageRoot, name)))) throw new Error(`there is no ${file}`);
}

/** `npm run NAME -- ARGS`: what the script itself says after its program comes before ARGS. */
function checkScript(
  name: string | undefined,
  given: readonly string[],
  names: ReadonlyMap<string, readonly string[]>,
) {
  const script = name === undefined ? undefined : scripts[name];
  if (name === undefined || script === undefined) throw new Error(`package.json has no script ${name}`);
  const isOurs = ["tensorone", "eval", "bench"].includes(name) || name.startsWith("train:");
  if (!isOurs) return;
  const own = /\.m?js((?: [^&|;]*)?)$/.exec(script)?.[1]?.trim() ?? "";
  understand(
    [...(name === "bench" ? ["bench"] : []), ...own.split(" ").filter((word) => word !== ""), ...given],
    names,
  );
}

/** Throws where a line asks for what is not there. Returns how many of its commands are ours. */
export function check(words: readonly string[], names: ReadonlyMap<string, readonly string[]> = new Map()): number {
  const [program, ...rest] = words as [string, ...string[]];
  const at = words.findIndex((word, i) => word === "tensorone" && words[i - 1] === "npx");
  if (at > 1 && !foreign.has(program)) throw new Error(`${program} is no known program`);
  if (at >= 0) {
    understand(words.slice(at + 1), names);
    return 1;
  }
  if (program === "npm") {
    const bar = rest.includes("--") ? rest.indexOf("--") : rest.length;
    const [verb, script] = rest.slice(0, bar).filter((word) => word !== "-s");
    if (verb === "run") checkScript(script, rest.slice(bar + 1), names);
    else if (!npmVerbs.has(verb!)) checkScript(verb, [], names);
    return 1;
  }
  if (program === "npx") {
    if (!existsSync(join(packageRoot, "node_modules", ".bin", rest[0]!)))
      throw new Error(`npx: there is no ${rest[0]}`);
    rest.filter((word) => word.includes("/")).forEach(expectFile);
    return 1;
  }
  if (program === "node") {
    expectFile(rest.find((word) => !word.startsWith("-"))!);
    return 1;
  }
  if (program === "ssh") return commandsOf(rest.at(-1)!).reduce((sum, { words }) => sum + check(words, names), 0);
  if (!foreign.has(program)) throw new Error(`${program} is no known program`);
  return 0;
}
