/**
 * The command lines of README, CONTRIBUTING and docs/: every line is understood by the parser of our command line, names files,
 * scripts and options that are there; blocks that do not say why not are run, in an empty folder.
 */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { flagOf } from "../../src/cli/options.js";
import { type Block, linesOf, packageRoot, pageBlocks, pages, unexplained } from "./blocks.js";
import { check, shortNames, studyCommands, understand } from "./command-lines.js";
import { commandsOf } from "./shell.js";

const execute = promisify(execFile);
const shellBlocks = pageBlocks.filter(({ language }) => language === "sh");
const namesOf = (page: string): ReadonlyMap<string, readonly string[]> => shortNames(linesOf(page).join("\n"));

/** What is wrong with a block, by line of its page. */
function problemsOf({ page, line, code }: Block): string[] {
  const names = namesOf(page);
  return commandsOf(code.join("\n")).flatMap(({ words, line: at }) => {
    try {
      check(words, names);
      return [];
    } catch (error) {
      return [`${page}:${line + 1 + at}: ${words.join(" ")}: ${error instanceof Error ? error.message : error}`];
    }
  });
}

describe("the reader of shell lines", () => {
  const words = (text: string) => commandsOf(text).map((command) => command.words);

  it("knows words, quotes, comments, continued lines and operators", () => {
    expect(words(`a "b c" 'd "e"' f\\ g  # h\ni \\\n j && k; l | m > n &`)).toEqual([
      ["a", "b c", 'd "e"', "f g"],
      ["i", "j"],
      ["k"],
      ["l"],
      ["m"],
    ]);
  });

  it("knows variables, loops and substitutions", () => {
    expect(words(`X=1\na $X "$Y" $Y\nexport Y\nexport Z=$(b "$(c)")\nfor i in 4 5; do\n  d h$i; done`)).toEqual([
      ["a", "1", ""],
      ["c"],
      ["b", ""],
      ["d", "h4"],
    ]);
  });

  it("refuses what is wrong", () => {
    expect(() => check(["npx", "tensorone", "train", "--epoch", "3"])).toThrow(/unknown option --epoch/);
    expect(() => check(["npx", "tensorone", "trane"])).toThrow(/unknown command trane/);
    expect(() => check(["npm", "run", "train:s0", "--", "--epochs", "many"])).toThrow(/--epochs/);
    expect(() => check(["npm", "run", "train:s9"])).toThrow(/no script/);
    expect(() => check(["mpirun", "-n", "2", "npx", "tensorone", "summary"])).toThrow(/summary/);
    expect(() => check(["npx", "vitest", "run", "test/nowhere"])).toThrow(/no test\/nowhere/);
    expect(() => check(["frobnicate"])).toThrow(/no known program/);
    expect(() => check(["ssh", "host", "cd x && npx tensorone train --rank 3"])).toThrow(/unknown option --rank/);
  });
});

describe("command lines of pages", () => {
  it.each(
    shellBlocks.map((block) => [`${block.page}:${block.line}`, block] as const),
  )("%s is understood", (_, block) => {
    expect(problemsOf(block)).toEqual([]);
  });

  it("services of systemd and images of Docker start what is understood", () => {
    const code = (language: string) => pageBlocks.filter((block) => block.language === language).flatMap((b) => b.code);
    const started = [
      ...code("ini").flatMap((line) => /^ExecStart=\/usr\/bin\/(.*)/.exec(line)?.[1]?.split(" ") ?? []),
      ...code("dockerfile").flatMap((line) => (line.startsWith("CMD ") ? (JSON.parse(line.slice(4)) as string[]) : [])),
    ];
    const lines = started.join(" ").split(/ (?=npx )/);
    expect(lines.map((line) => check(line.split(" ")))).toEqual([1, 1]);
  });

  it("containers of Kubernetes start what is understood", () => {
    const lists = pageBlocks
      .filter(({ language }) => language === "yaml")
      .flatMap(({ code }) => code.flatMap((line) => /command: (\[.*\])/.exec(line)?.[1] ?? []));
    expect(lists.map((list) => check(JSON.parse(list) as string[]))).toEqual(lists.map(() => 1));
    expect(lists.length).toBeGreaterThan(0);
  });

  it("tables of commands name words and options that are there", () => {
    const rows = pages.flatMap((page) => {
      const lines = linesOf(page);
      const head = lines.findIndex((line) => /^\| *command *\|/.test(line));
      const after = lines.slice(head + 2);
      return head < 0
        ? []
        : after.slice(
            0,
            after.findIndex((line) => !line.startsWith("|")),
          );
    });
    const named = rows.map((row) => /^\| `([^`]+)`/.exec(row)![1]!);
    // of alternatives the first
    for (const text of named) understand(text.replace(/\\?\|\S+/g, "").split(" "));
    const missing = commands.filter(({ name }) => !named.some((text) => text.split(" ")[0] === name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("options in running text are those of a command", () => {
    const known = new Set([
      ...commands.flatMap(({ options }) => Object.keys(options).map(flagOf)),
      ...[...studyCommands.values()].flatMap(({ options }) => Object.keys(options).map(flagOf)),
    ]);
    const unknown = pages.flatMap((page) => {
      const blocks = pageBlocks.filter((block) => block.page === page);
      const isCode = (line: number): boolean =>
        blocks.some((block) => line >= block.line && line <= block.line + block.code.length + 1);
      return linesOf(page).flatMap((text, i) =>
        isCode(i + 1)
          ? []
          : [...text.matchAll(/`(--[a-z][a-z0-9-]*)[^`]*`/g)]
              .filter(([, option]) => !known.has(option!) && !elsewhere.has(option!))
              .map(([, option]) => `${page}:${i + 1}: ${option}`),
      );
    });
    expect(unknown).toEqual([]);
  });
});

/** Options of npm, MPI, Slurm, esbuild and the GPU bundle's measure that pages name, and those of every command. */
const elsewhere = new Set([
  "--bind-to",
  "--mca",
  "--signal",
  "--help",
  "--list",
  "--omit",
  "--splitting",
  "--keep-names",
  "--part",
  "--minutes",
  "--jobs",
  "--max-old-space-size",
]);

/** A training run and what is made of it. */
const PATIENCE_MS = 400_000;

describe("blocks that run", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tensorone-shell-"));
    const program = `exec "${process.execPath}" "${join(packageRoot, "dist", "cli", "main.js")}" "$@"`;
    const refuse = 'echo "not here: $0 $*" >&2; exit 1';
    // as installed: npx finds the built command line; nothing is looked for elsewhere
    const shims = {
      npx: `[ "$1" = tensorone ] || { ${refuse}; }\nshift\n${program}`,
      npm: `while [ "$1" != -- ]; do case "$1" in run|-s|tensorone) shift;; *) ${refuse};; esac; done\nshift\n${program}`,
    };
    await mkdir(join(folder, "bin"));
    for (const [name, text] of Object.entries(shims)) {
      await writeFile(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
      await chmod(join(folder, "bin", name), 0o755);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("the few that do not run here say why", () => {
    expect(unexplained(shellBlocks, 28)).toEqual([]);
  });

  for (const { page, line, code } of shellBlocks.filter(({ notRun }) => notRun === null))
    it(
      `${page}:${line} runs`,
      async () => {
        const cwd = await mkdtemp(join(folder, "run-"));
        const env = { ...process.env, PATH: [join(folder, "bin"), process.env.PATH].join(delimiter), NO_COLOR: "1" };
        await execute("bash", ["-euo", "pipefail", "-c", code.join("\n")], { cwd, env, maxBuffer: 2 ** 26 });
      },
      PATIENCE_MS,
    );
});
