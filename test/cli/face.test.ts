/** Help, version, --json: the parts of the face that need no model. */
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { commandHelp, overallHelp } from "../../src/cli/help.js";
import { parse } from "../../src/cli/parse.js";
import { tensorone } from "./spawn.js";

const here = tmpdir();

const names = commands.map(({ name }) => name);

test.each(["train", "summary"])("%s --help shows usage, options and an example", (name) => {
  const { code, stdout, stderr } = tensorone([name, "--help"], here);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`usage: tensorone ${name}`);
  expect(stdout).toMatch(new RegExp(`examples:\n  tensorone ${name}`));
  expect(stdout).toContain("--json");
  expect(tensorone(["help", name], here).stdout).toBe(stdout);
});

test("the list of commands, on request and without a command", () => {
  const asked = tensorone(["--help"], here);
  expect(asked.code).toBe(0);
  for (const name of names) expect(asked.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(tensorone([], here)).toMatchObject({ code: 2, stdout: asked.stdout });
});

test("--version", () => {
  expect(tensorone(["--version"], here)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

/** The words of a help: layout alone may differ from width to width. */
const wordsOf = (text: string) => text.replaceAll(" \\\n", "\n").split(/\s+/).join(" ");

const helps = (width: number) => [
  overallHelp(commands, "0.1.0", width),
  ...commands.map((command) => commandHelp(command, width)),
];

test.each([40, 80, 120])("help fits %i columns with every word whole, and its examples can be pasted", (width) => {
  const wide = helps(10_000);
  for (const [i, text] of helps(width).entries()) {
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(wordsOf(text)).toBe(wordsOf(wide[i]!));
  }
});

test("help is as wide as COLUMNS says, within 40 and 120, and 80 columns in a pipe", () => {
  const train = commands.find(({ name }) => name === "train")!;
  for (const [COLUMNS, width] of Object.entries({ 50: 50, 10: 40, 1000: 120, "": 80, wide: 80 }))
    expect(tensorone(["train", "--help"], here, { COLUMNS }).stdout).toBe(`${commandHelp(train, width)}\n`);
});

test.each(
  commands.filter(({ takesAnything }) => !takesAnything),
)("$name: an unknown option names the nearest", (command) => {
  expect(() => parse(command, ["--jsn"])).toThrow(`${command.name}: unknown option --jsn, the nearest is --json`);
});

test.each(commands)("$name: every option says what it wants", ({ options, name }) => {
  for (const [option, { form, expected }] of Object.entries(options))
    expect(expected, `${name} ${option}`).toMatch(form === "flag" ? /^no value$/ : /^(a |one of |whole )/);
});

test.each([
  [
    ["train", "--epochs"],
    /train: --epochs: no value, expected a whole number of at least 1\n {2}hint: such as --epochs 10\n$/,
  ],
])("%j is refused", (words, line) => {
  const { code, stderr } = tensorone(words, here);
  expect(stderr).toMatch(line);
  expect(code).toBe(2);
});

test("FORCE_COLOR colours a pipe, NO_COLOR and FORCE_COLOR=0 nothing; FORCE_COLOR is the stronger", () => {
  const isColoured = (env: Record<string, string>) =>
    tensorone(["summary", "mobileone_s0"], here, env).stdout.includes("\u001b[1m");
  expect(isColoured({})).toBe(false);
  expect(isColoured({ FORCE_COLOR: "1" })).toBe(true);
  expect(isColoured({ FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(true);
  for (const FORCE_COLOR of ["", "0", "false"]) expect(isColoured({ FORCE_COLOR })).toBe(false);
});

test("an unknown command names the nearest", () => {
  const { code, stderr } = tensorone(["trian"], here);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: tensorone: unknown command trian, the nearest is train\n {2}hint: /);
});

test("summary as a table", () => {
  const { code, stdout } = tensorone(["summary", "mobileone_s0"], here);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^parameters +5,293,272 +2,078,504$/m);
  expect(stdout).toMatch(/^MACs +1,051,935,232 +275,110,400$/m);
  expect(stdout).toMatch(/^stage4\.1 +pointwise 1x1 +256 -> 1024 /m);
});

test("--json leaves exactly one object on stdout and the rest on stderr", () => {
  const { code, stdout, stderr } = tensorone(["summary", "mobileone_s0", "--json"], here);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({
    model: "mobileone_s0",
    totals: { train: { parameters: 5_293_272 }, deploy: { parameters: 2_078_504 } },
  });
  expect(stderr).toContain("stage4.1");
});

test("--json holds for errors", () => {
  const { code, stdout, stderr } = tensorone(["summary", "mobileone_s9", "--json"], here);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    error: {
      name: "UsageError",
      message: "summary: unknown model mobileone_s9, the nearest is mobileone_s0",
      hint: expect.stringContaining("mobileone_s4"),
    },
  });
  expect(stderr).toMatch(/^error: /);
});

test.each([
  [["--json", "--version"], { version: expect.stringMatching(/^\d/) }, 0],
  [["--help", "--json"], { help: expect.stringContaining("usage: tensorone COMMAND") }, 0],
  [["help", "eval", "--json"], { help: expect.stringContaining("usage: tensorone eval") }, 0],
  [["--json"], { help: expect.stringContaining("usage: tensorone COMMAND") }, 2],
  [["trian", "--json"], { error: { name: "UsageError" } }, 2],
] as const)("%j is one object", (words, object, exitCode) => {
  const { code, stdout } = tensorone(words, here);
  expect(JSON.parse(stdout)).toMatchObject(object);
  expect(code).toBe(exitCode);
});

test("an attempt that a launcher will repeat leaves the one object to the last", () => {
  const attempt = (count: string) =>
    tensorone(["train", "--data", "nothing", "--json"], here, {
      TORCHELASTIC_RESTART_COUNT: count,
      TORCHELASTIC_MAX_RESTARTS: "1",
    });
  expect(attempt("0")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^error: /) });
  expect(JSON.parse(attempt("1").stdout)).toMatchObject({ error: { name: "DataError" } });
});

test("a stack only under DEBUG=tensorone", () => {
  expect(tensorone(["summary", "x"], here).stderr).not.toContain("    at ");
  expect(tensorone(["summary", "x"], here, { DEBUG: "tensorone" }).stderr).toContain("    at ");
});
