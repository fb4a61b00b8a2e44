/** Puts bits.ts and what it needs of the grid beside the installed package, as JavaScript. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const tests = join(import.meta.dirname, "..");
const chapters = readdirSync(join(tests, "conformance/cases")).map(
  (name) => `conformance/cases/${name.slice(0, -".ts".length)}`,
);
const programs = ["package/bits", ...chapters, "conformance/results", "conformance/numbers"];

/** Returns the program; `modules` is the node_modules with the package, whose dist/ stands for the src/ that tests import. */
export function placeBits(folder: string, modules: string): string {
  for (const name of programs) {
    const source = readFileSync(join(tests, `${name}.ts`), "utf8");
    const compilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      verbatimModuleSyntax: true,
    };
    const to = join(folder, "test", `${name}.js`);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  symlinkSync(join(modules, "tensorone", "dist"), join(folder, "src"), "dir");
  return join(folder, "test", "package", "bits.js");
}
