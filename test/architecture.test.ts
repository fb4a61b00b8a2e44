/**
 * Who may import whom, as the tables of house.ts say. Prints the offending line.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { arrows, cellars, familyNames, floors, roofs } from "./house.js";

const source = join(import.meta.dirname, "..", "src");

interface Import {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly target: string;
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
}

function importsOf(file: string): Import[] {
  const lines = readFileSync(join(source, file), "utf8").split("\n");
  return lines.flatMap((text, i) => {
    const specifier = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/.exec(text)?.[1];
    if (!specifier) return [];
    const target = relative(source, normalize(join(source, dirname(file), specifier))).replace(/\.js$/, ".ts");
    return [{ file, line: i + 1, text: text.trim(), target }];
  });
}

const folderOf = (file: string): string => file.split("/")[0]!;
const allImports = sourceFiles().flatMap(importsOf);
const show = ({ file, line, text }: Import): string => `src/${file}:${line}  ${text}`;

/** What "#pictures" of package.json leads to. */
const pictures = ["data/codecs/read-picture.ts", "data/codecs/no-files.ts"];

describe("the house", () => {
  it("has a row for every folder", () => {
    const folders = new Set(sourceFiles().map(folderOf));
    expect([...folders].filter((folder) => !(folder in arrows) && !roofs.includes(folder))).toEqual([]);
  });

  it("imports only along the arrows", () => {
    const offending = allImports.filter(({ file, target }) => {
      const from = folderOf(file);
      const to = folderOf(target);
      return from !== to && !roofs.includes(from) && !arrows[from]?.includes(to);
    });
    expect(offending.map(show)).toEqual([]);
  });

  it.each(Object.entries(floors))("%s imports downwards only", (folder, order) => {
    const floorOf = (file: string): string => file.slice(folder.length + 1).split("/")[0]!;
    const inside = allImports.filter(({ file, target }) => [file, target].every((f) => f.startsWith(`${folder}/`)));
    const subfolders = new Set(inside.map(({ file }) => floorOf(file)).filter((name) => !name.endsWith(".ts")));
    expect([...subfolders].sort()).toEqual([...order].sort());
    const offending = inside.filter(({ file, target }) => {
      const from = order.indexOf(floorOf(file));
      const to = order.indexOf(floorOf(target));
      return from >= 0 && !cellars.includes(target) && (to < 0 || to > from);
    });
    expect(offending.map(show)).toEqual([]);
  });

  it("has no import cycles, not even of types", () => {
    const graph = new Map<string, string[]>();
    // a chapter takes the types of its own functions, for the methods that they are
    for (const { file, target } of allImports)
      if (file !== target) graph.set(file, [...(graph.get(file) ?? []), target]);
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        return;
      }
      state.set(file, "open");
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, "done");
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it("has no file that nothing leads to: a family, kernel or data set that its list forgot", () => {
    const modules = new Set(sourceFiles());
    const reached = new Set([
      "index.ts",
      "methods-entry.ts",
      "nn-entry.ts",
      "optim-entry.ts",
      "node.ts",
      "cli/main.ts",
      "backends/gpu/no-dawn.ts",
      "backends/wasm/no-turbo.ts",
      "backends/wasm/turbo.ts",
      ...pictures,
    ]);
    for (const file of reached) {
      // imports, and the names that worker threads and processes are started by
      const named = readFileSync(join(source, file), "utf8").matchAll(/"(\.[^"\s]*)\.js"/g);
      for (const [, specifier] of named) {
        const target = `${relative(source, normalize(join(source, dirname(file), specifier!)))}.ts`;
        if (modules.has(target)) reached.add(target);
      }
    }
    expect([...modules].filter((file) => !reached.has(file))).toEqual([]);
  });

  it("names a family of models in its own folder, in the list, and as data alone", () => {
    const families = readdirSync(join(source, "models"), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.name === "family.ts" && entry.parentPath !== join(source, "models"))
      .map(({ parentPath }) => relative(join(source, "models"), parentPath));
    expect(families).toContain("mobileone");
    const name = new RegExp(families.join("|"), "i");
    const asData = /^\s*(\*|\/\/|\/\*)|"[^"]*(?:NAME)[^"]*"|`[^`]*(?:NAME)[^`]*`/.source.replaceAll(
      "NAME",
      name.source,
    );
    const offending = sourceFiles().flatMap((file) => {
      if (families.some((family) => file.startsWith(`models/${family}/`))) return [];
      const why = familyNames.find((row) => row.file.test(file))?.why;
      const lines = readFileSync(join(source, file), "utf8").split("\n");
      // a fence in a docstring opens or closes an example, which names a model as a user does
      let isExample = false;
      return lines.flatMap((text, i) => {
        if (/^\s*\* ```/.test(text)) isExample = !isExample;
        const isAllowed =
          isExample || why === "list" || why === "face" || (why === "data" && new RegExp(asData, "i").test(text));
        return name.test(text) && !isAllowed ? [`src/${file}:${i + 1}  ${text.trim()}`] : [];
      });
    });
    expect(offending).toEqual([]);
  });

  it("keeps node modules out of what runs in a browser", () => {
    const reached = new Set([
      "index.ts",
      "data/codecs/index.ts",
      "data/transforms/index.ts",
      "data/transforms/normalize.ts",
    ]);
    // types alone leave nothing to run
    for (const file of reached)
      for (const { target, text } of importsOf(file)) if (!/^(import|export) type /.test(text)) reached.add(target);
    const offending = [...reached].flatMap((file) => {
      const lines = readFileSync(join(source, file), "utf8").split("\n");
      return lines.flatMap((text, i) =>
        /^(?!import type).*from "node:/.test(text) ? [`src/${file}:${i + 1}  ${text.trim()}`] : [],
      );
    });
    expect(offending).toEqual([]);
  });
});
