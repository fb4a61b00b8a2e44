/** Names from anywhere on a terminal: shown, never obeyed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Terminal, visibleWidth } from "../../src/util/terminal.js";

/** Everything that a terminal obeys or hides, with letters between to be found again. */
const hostile = "a\u001b[2Jb\u001b]0;title\u0007c\nd\re\tf\u007fg\u009b31mh\u2028i\u202ej\u2066k\u0000l";
const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function written(options: { isTTY?: boolean; columns?: number }, env: { [name: string]: string }) {
  const chunks: string[] = [];
  const terminal = new Terminal({ write: (text) => chunks.push(text), ...options }, env);
  return { terminal, text: () => chunks.splice(0).join("") };
}

describe.each([
  ["a screen", { isTTY: true, columns: 200 }, {}],
  ["a pipe with colours", {}, { FORCE_COLOR: "1" }],
  ["a pipe", {}, {}],
])("a terminal on %s", (_, options, env) => {
  it("prints a hostile name in one line without a steering character", () => {
    const { terminal, text } = written(options, env);
    terminal.print(`seen ${hostile}`);
    const line = text();
    expect(line.endsWith("\n")).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(steering);
    for (const letter of "abcdefghijkl") expect(line).toContain(letter);
    terminal.printRow([hostile, "0.5", hostile]);
    const fields = text().slice(0, -1).split("\t");
    expect(fields).toHaveLength(3);
    for (const field of fields) expect(field).not.toMatch(steering);
    terminal.update(hostile);
    expect(text()).not.toMatch(steering);
  });

  it("colours what it has painted, and nothing that only looks so", () => {
    const { terminal, text } = written(options, env);
    const painted = terminal.paint("red", hostile);
    expect(visibleWidth(painted)).toBe(visibleWidth(hostile));
    expect(visibleWidth("a\u001bb")).toBe("a\\x1bb".length);
    terminal.print(`${painted} \u001b[1mforged\u001b[0m \u{f0000}0:31\u{f0001}`);
    const line = text().slice(0, -1);
    const codes = [...line.matchAll(colours)].map(([code]) => code);
    expect(codes).toEqual("isTTY" in options || "FORCE_COLOR" in env ? ["\u001b[31m", "\u001b[0m"] : []);
    expect(line.replace(colours, "")).not.toMatch(steering);
    expect(line).toContain("\\x1b[1mforged");
  });
});

/** Who writes to a stream beside Terminal, and what. */
const writers: Readonly<Record<string, string>> = {
  "cli/commands/serve.ts": "a line of JSON for each refusal, escaped by jsonLine",
  "cli/main.ts": "help and version, which are ours",
  "cli/report.ts": "the object of --json, escaped by jsonLine",
  "distributed/rank-process.ts": "what rank 0 has printed by its own Terminal",
};

it("is where whatever people see is printed", () => {
  const root = join(import.meta.dirname, "../../src");
  const found = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /process\.std(out|err)\.write\(/.test(readFileSync(join(root, file), "utf8")));
  expect(found.sort()).toEqual(Object.keys(writers).sort());
});
