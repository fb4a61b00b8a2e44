/** What `npm install` of the tarball brings into an empty project, and what it does not. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { run, said } from "./programs.js";

const { project, npm, tarballBytes } = inject("installed");
const modules = join(project, "node_modules");
const inside = join(modules, "tensorone");
/** As the disk counts; the studio, whose weights are half of it, takes four of them. */
const MAX_MEGABYTES = 17;
const MAX_OTHERS = 6;

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Runs lines of JavaScript in the project. */
function script(name: string, lines: readonly string[]): ReturnType<typeof run> {
  writeFileSync(join(project, name), `${lines.join("\n")}\n`);
  return run(process.execPath, [name], project);
}

describe("npm install of the tarball", () => {
  it("ends without a warning", () => {
    expect(npm.code, npm.output).toBe(0);
    expect(npm.output).not.toMatch(/warn|deprecated|vulnerab/i);
  });

  it(`takes at most ${MAX_MEGABYTES} MB, ${MAX_OTHERS} packages beside itself, and runs no install script`, () => {
    const megabytes = Number(said(run("du", ["-sm", "node_modules"], project), "du").split("\t")[0]);
    const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const others = Object.keys(packages).filter((path) => path !== "node_modules/tensorone");
    console.log(
      `  ${megabytes} MB, tarball ${(tarballBytes / 2 ** 20).toFixed(1)} MB, ${others.length} packages beside it, ${(npm.ms / 1000).toFixed(1)} s`,
    );
    expect(megabytes).toBeLessThanOrEqual(MAX_MEGABYTES);
    expect(others.length, others.join(" ")).toBeLessThanOrEqual(MAX_OTHERS);
    expect(Object.keys(packages).filter((path) => packages[path]?.hasInstallScript)).toEqual([]);
  });
});

describe("the package", () => {
  it("has no leftovers of its build, and no map whose source is missing", () => {
    const files = filesOf(inside);
    expect(files.filter((file) => /tsbuildinfo|\.build\.|\.test\.|\.js\.map$/.test(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith(".js") && /sourceMappingURL/.test(readFileSync(file, "utf8")))).toEqual(
      [],
    );
    const maps = files.filter((file) => file.endsWith(".d.ts.map"));
    expect(maps.length).toBeGreaterThan(100);
    for (const map of maps)
      for (const source of (JSON.parse(readFileSync(map, "utf8")) as { sources: string[] }).sources)
        expect(existsSync(join(dirname(map), source)), `${map}: ${source}`).toBe(true);
  });

  it("holds what README and docs link to, but for the repository's programs and the sources that no export leads to", () => {
    const docs = filesOf(join(inside, "docs")).filter((file) => file.endsWith(".md"));
    const links = [join(inside, "README.md"), ...docs].flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\(([^)#\s]+)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^https?:/.test(target))
        .map((target) => relative(inside, join(dirname(page), target)))
        .filter((target) => !/^(src|test|bench)\/.*\.(ts|py)$/.test(target)),
    );
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((target) => !existsSync(join(inside, target)))).toEqual([]);
  });

  it("says whose it is and what it needs", () => {
    const manifest = JSON.parse(readFileSync(join(inside, "package.json"), "utf8"));
    for (const field of ["repository", "homepage", "bugs", "keywords", "engines", "license"])
      expect(manifest[field], field).toBeTruthy();
    for (const file of ["LICENSE", "THIRD-PARTY.md", "demo/fashion-mnist/LICENSE"])
      expect(statSync(join(inside, file)).size, file).toBeGreaterThan(0);
  });
});

describe("without optional peers", () => {
  it("import and require() give the same module", () => {
    const { stdout } = script("both.mjs", [
      'import { createRequire } from "node:module";',
      'import * as imported from "tensorone";',
      'const required = createRequire(import.meta.url)("tensorone");',
      "console.log(imported.Tensor === required.Tensor, Object.keys(required).length > 100);",
    ]);
    expect(stdout).toBe("true true\n");
    const plain = script("plain.cjs", [
      'const { tensor } = require("tensorone"); console.log(tensor([1, 2]).add(1).toArray());',
    ]);
    expect(plain.stdout).toBe("[ 2, 3 ]\n");
  });

  it.each([
    ["the gpu backend", 'setBackend("gpu")', "npm i gpu.js@2.24.1 webgpu@0.6.2"],
    ["gpu.js on the processor", 'setBackend("gpu", { mode: "cpu" })', "npm i gpu.js@2.24.1 webgpu@0.6.2"],
    ["sharp", 'loadDecoder("sharp")', "npm i sharp"],
  ])("%s names the command that adds what is missing", (_, call, command) => {
    const { stdout } = script("missing.mjs", [
      'import { loadDecoder, setBackend } from "tensorone/node";',
      `try { await ${call}; console.log("no error"); } catch (error) { console.log(error.message); }`,
    ]);
    expect(stdout.trim().split("\n")).toEqual([expect.any(String), expect.stringContaining(`hint: ${command}`)]);
  });
});
