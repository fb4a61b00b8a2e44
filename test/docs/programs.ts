/**
 * Blocks made programs of a project that has installed the package: each line of code stands at its own line of the page,
 * so that what the compiler and Node say about a program names the line of the page. All are compiled at once, run one by one.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { installedTsc } from "../types/consumer.js";
import { type Block, packageRoot } from "./blocks.js";

const execute = promisify(execFile);

export interface Program {
  /** Where it is read: page and line of its first block. */
  readonly name: string;
  readonly page: string;
  /** Of the compiled project, without its ending. */
  readonly file: string;
  readonly extension: "ts" | "js";
  readonly text: string;
  readonly given: readonly string[];
  readonly notRun: string | null;
}

const moduleOf = (file: string): string => file.replace(/\.ts$/, ".js");

/** One program of `blocks`, which follow each other on a page; `head` is what its first line says besides. */
export function programOf(blocks: readonly Block[], head = ""): Program {
  const [first] = blocks as [Block, ...Block[]];
  const up = "../".repeat(first.page.split("/").length - 1);
  const lines: string[] = [];
  const put = (line: number, text: string): void => {
    while (lines.length < line) lines.push("");
    lines[line - 1] += text;
  };
  put(1, head);
  for (const { line, code, given } of blocks) {
    for (const { names, file } of given) {
      const made = `given${line}_${given.findIndex((one) => one.file === file)}`;
      put(1, `import { given as ${made} } from "./${up}${moduleOf(file)}"; `);
      put(line, `const { ${names.join(", ")} } = await ${made}(); `);
    }
    code.forEach((text, i) => {
      put(line + 1 + i, text);
    });
  }
  // no imports are no module to the compiler, and await is a module's
  put(lines.length + 1, "export {};\n");
  return {
    name: `${first.page}:${first.line}`,
    page: first.page,
    file: `${first.page}.${first.line}`,
    extension: "ts",
    text: lines.join("\n"),
    given: blocks.flatMap((block) => block.given.map(({ file }) => file)),
    notRun: blocks.find(({ notRun }) => notRun !== null)?.notRun ?? null,
  };
}

/** The programs of a page's blocks, those that continue joined to what they continue. */
export function programsOf(blocks: readonly Block[], headOf: (block: Block) => string = () => ""): readonly Program[] {
  const chains: Block[][] = [];
  for (const block of blocks) {
    const last = chains.at(-1);
    if (!block.continues) chains.push([block]);
    else if (last?.[0]?.page === block.page) last.push(block);
    else throw new Error(`${block.page}:${block.line}: continues, but no block of its page stands before it`);
  }
  return chains.map((chain) => programOf(chain, headOf(chain[0]!)));
}

const compilerOptions = {
  target: "es2022",
  // a page's program runs in Node or in a tab, and prints
  lib: ["es2022", "dom"],
  types: ["node"],
  typeRoots: [join(packageRoot, "node_modules", "@types")],
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowJs: true,
  checkJs: true,
  // the package's own declarations have a test of their own
  skipLibCheck: true,
  rootDir: ".",
  outDir: "out",
  sourceMap: true,
};

export interface Project {
  /** What the compiler says, as `page:line: message`. */
  readonly complaints: readonly string[];
  /** What a program prints, run in a folder of its own. Rejects with what it wrote where it fails. */
  run(program: Program): Promise<string>;
  /** Runs many in one process, one after the other: what those that fail throw, by name. */
  runTogether(programs: readonly Program[]): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** Told to a process of its own: imports the programs in turn, prints at last what they threw, and leaves threads behind. */
const loop = `(async (programs) => {
  const thrown = {};
  for (const [name, url] of programs) await import(url).catch((error) => { thrown[name] = error?.stack ?? String(error); });
  console.log("\\n" + JSON.stringify(thrown));
  process.exit();
})`;

/** Writes and compiles them, in a project where `installed` is the package. */
export async function makeProject(programs: readonly Program[], installed = packageRoot): Promise<Project> {
  // the system's temporary folder may be a link, and the compiler names files by where they really are
  const root = await realpath(await mkdtemp(join(tmpdir(), "tensorone-docs-")));
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  };
  await mkdir(join(root, "node_modules"));
  await symlink(installed, join(root, "node_modules", "tensorone"), "dir");
  await write("package.json", '{ "type": "module" }');
  for (const { file, extension, text } of programs) await write(`${file}.${extension}`, text);
  for (const file of new Set(programs.flatMap(({ given }) => given))) {
    const text = await readFile(join(packageRoot, file), "utf8");
    // in the checkout the file imports src/; here the engine is the one that the program imports
    await write(
      file,
      text.replace(/"[./]+\/src\/(index|node)\.js"/g, (_, entry) => `"tensorone${entry === "node" ? "/node" : ""}"`),
    );
  }
  await write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions, files: programs.map(({ file, extension }) => `${file}.${extension}`) }),
  );
  const said = await execute(process.execPath, [installedTsc, "--pretty", "false", "-p", root], { cwd: root }).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
  const scriptOf = ({ file }: Program): string => join(root, "out", `${file}.js`);
  async function node(args: readonly string[]): Promise<string> {
    const cwd = await mkdtemp(join(root, "run-"));
    const { stdout } = await execute(process.execPath, ["--enable-source-maps", ...args], { cwd, maxBuffer: 2 ** 26 });
    return stdout;
  }
  return {
    complaints: said
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace(/^(\S+)\.\d+\.[jt]s\((\d+),\d+\): /, "$1:$2: ")),
    run: (program) => node([scriptOf(program)]),
    runTogether: async (programs) => {
      const many = JSON.stringify(programs.map((program) => [program.name, pathToFileURL(scriptOf(program)).href]));
      const text = await node(["--input-type=module", "--eval", `${loop}(${many})`]);
      return JSON.parse(text.trimEnd().split("\n").at(-1)!) as Record<string, string>;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
