/**
 * Builds dist/ from src/ with the TypeScript compiler, and removes what no source makes any more. Notes what it was built from, so
 * that whoever only wants an up-to-date build (bin/tensorone.js) need not wake the compiler: names, sizes and times of 400
 * files take 6 ms to compare, an incremental compilation without changes takes a second or two.
 * Usage: node scripts/build.mjs [--if-changed]
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { definingDeclarations, reachedDeclarations } from "./declarations.mjs";
import { bundleServerLibraries } from "./server-libraries.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const source = join(root, "src");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
/** Notes of the build; package.json keeps both out of the package. */
const compilerNotes = join(dist, ".build.tsbuildinfo");
const builtFrom = join(dist, ".build.sources");
const settings = ["tsconfig.json", "tsconfig.build.json", "package.json"];
const outputEndings = /(\.d\.ts\.map|\.d\.ts|\.js\.map|\.js)$/;

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** A line for each file that the build depends on. */
function sources() {
  const files = [
    ...settings.map((name) => join(root, name)),
    ...filesBelow(source).filter((file) => !file.endsWith(".npmignore")),
  ];
  return files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${relative(root, file)} ${size} ${mtimeMs}\n`;
    })
    .join("");
}

const isCurrent = (now) => existsSync(builtFrom) && readFileSync(builtFrom, "utf8") === now;

function removeStale() {
  for (const file of filesBelow(dist)) {
    const from = join(source, relative(dist, file).replace(outputEndings, ".ts"));
    const isMade = file.endsWith(".js.map") ? false : existsSync(from);
    if (outputEndings.test(file) && !isMade) rmSync(file);
  }
}

/** What a report carries of uPlot, so that no dependency is installed for it; read by src/report/page/uplot.ts. */
function copyUPlot() {
  const from = join(root, "node_modules", "uplot");
  const to = join(dist, "report", "page", "uplot");
  if (!existsSync(from)) {
    process.stderr.write("build: no uplot in node_modules, reports will not be written\n  hint: npm ci\n");
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"])
    copyFileSync(join(from, name), join(to, basename(name)));
}

const entries = ["index", "nn-entry", "optim-entry", "methods-entry", "node"].map((entry) =>
  join(dist, `${entry}.d.ts`),
);

/**
 * Leaves the declarations that a user's compiler may see, and of their maps those of files that define an export: an editor
 * leads from a name to its source by them. False where one of them is not there.
 */
function keepReachedDeclarations() {
  const { reached, missing } = reachedDeclarations(entries);
  if (missing.length > 0) return false;
  const defining = definingDeclarations(entries);
  for (const file of defining) if (!existsSync(`${file}.map`)) return false;
  for (const file of filesBelow(dist)) {
    if (!/\.d\.ts(\.map)?$/.test(file)) continue;
    const declaration = file.replace(/\.map$/, "");
    if (!reached.has(declaration) || (file !== declaration && !defining.has(declaration))) rmSync(file);
    else if (file === declaration && !defining.has(declaration)) withoutMap(file);
  }
  return true;
}

/** Takes the mention of its map out of a declaration. */
function withoutMap(file) {
  const text = readFileSync(file, "utf8");
  const rest = text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  if (rest !== text) writeFileSync(file, rest);
}

const documentation = /^[ \t]*\/\*\*(?:(?!\*\/|@__PURE__)[\s\S])*\*\/[ \t]*\n/gm;

/** Takes documentation out of the JavaScript: declarations and sources have it, and it is a fifth of what is installed. */
function withoutDocumentation() {
  for (const file of filesBelow(dist)) {
    if (!/\.js$/.test(file) || /\.min\.js$/.test(file)) continue;
    const text = readFileSync(file, "utf8");
    const rest = text.replace(documentation, "");
    if (rest !== text) writeFileSync(file, rest);
  }
}

/** Lists the sources that no map leads to where npm looks for what to leave out of the package. */
function ignoreOtherSources() {
  const led = new Set();
  for (const file of filesBelow(dist).filter((name) => name.endsWith(".d.ts.map")))
    for (const name of JSON.parse(readFileSync(file, "utf8")).sources) led.add(resolve(dirname(file), name));
  const others = filesBelow(source).filter((file) => !led.has(file) && file.endsWith(".ts"));
  writeFileSync(join(source, ".npmignore"), others.map((file) => `/${relative(source, file)}\n`).join(""));
}

function compile() {
  const run = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], { encoding: "utf8" });
  process.stderr.write(run.stdout + run.stderr);
  if (run.status !== 0) process.exit(1);
}

/** Ends the process with 1 where there is no compiler or it reports errors; they go to stderr, as `--json` owns stdout. */
async function build(now = sources()) {
  if (!existsSync(compiler)) {
    process.stderr.write("build: no TypeScript compiler in node_modules, expected one\n  hint: npm ci\n");
    process.exit(1);
  }
  // the compiler writes nothing for files that its notes call done
  if (!existsSync(join(dist, "index.js"))) rmSync(compilerNotes, { force: true });
  rmSync(builtFrom, { force: true });
  compile();
  removeStale();
  copyUPlot();
  if (!keepReachedDeclarations()) {
    // one is reached since this build, and its notes say that it was written long ago
    rmSync(compilerNotes, { force: true });
    compile();
    if (!keepReachedDeclarations()) throw new Error("build: a declaration that an entry reaches was not written");
  }
  withoutDocumentation();
  await bundleServerLibraries(root);
  ignoreOtherSources();
  writeFileSync(`${builtFrom}.new`, now);
  renameSync(`${builtFrom}.new`, builtFrom);
}

/** Builds where a source is newer, older, added or gone since the last build, and says so on stderr. */
export async function buildIfChanged() {
  const now = sources();
  if (isCurrent(now)) return;
  process.stderr.write("tensorone: building dist/ from src/ …\n");
  await build(now);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  if (process.argv.includes("--if-changed")) await buildIfChanged();
  else await build();
}
