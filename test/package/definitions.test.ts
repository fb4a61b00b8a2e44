/** From a name in a user's program to its source: what an editor's "go to definition" does with the declaration maps. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, inject, it } from "vitest";

const { project } = inject("installed");
const server = join(import.meta.dirname, "..", "..", "node_modules", "typescript", "lib", "tsserver.js");
const file = join(project, "definitions.ts");
const use = "void [compile, nn.Conv2d, setBackend];";
const LIMIT_MS = 120_000;

interface Place {
  readonly file: string;
  readonly start: { readonly line: number };
}

/** TypeScript's own server for editors, asked where the names of line 2 are defined; it is ended once it has answered. */
async function definitions(names: readonly string[]): Promise<Place[]> {
  writeFileSync(file, `import { compile, nn, setBackend } from "tensorone";\n${use}\n`);
  const requests = [
    { command: "open", arguments: { file } },
    ...names.map((name) => ({ command: "definition", arguments: { file, line: 2, offset: 1 + use.indexOf(name) } })),
  ];
  const editor = spawn(process.execPath, [server], {
    cwd: project,
    stdio: ["pipe", "pipe", "ignore"],
    timeout: LIMIT_MS,
  });
  for (const [seq, request] of requests.entries())
    editor.stdin.write(`${JSON.stringify({ seq, type: "request", ...request })}\n`);
  const found: Place[] = [];
  for await (const line of createInterface(editor.stdout)) {
    if (!line.startsWith("{")) continue;
    const { command, body } = JSON.parse(line) as { command?: string; body?: Place[] };
    if (command === "definition") found.push(...body!.slice(0, 1));
    if (found.length === names.length) break;
  }
  editor.kill();
  return found;
}

it("leads from names of the package to their lines in src/", async () => {
  const lines = (await definitions(["compile", "Conv2d", "setBackend"])).map(({ file: found, start }) => {
    expect(found).toMatch(/node_modules\/tensorone\/src\/.*\.ts$/);
    return readFileSync(found, "utf8").split("\n")[start.line - 1];
  });
  expect(lines).toEqual([
    expect.stringMatching(/^export function compile\b/),
    expect.stringMatching(/^export class Conv2d\b/),
    expect.stringMatching(/^export async function setBackend\b/),
  ]);
});
