/**
 * Lays a bundle of the server's libraries (hono, @hono/node-server, prom-client and what these need) over dist/serve/libraries.js, with
 * their licences beside it: an installed package serves without other packages. Used by build.mjs.
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { rolldown } from "rolldown";

/** The folder of the package that a module belongs to: ".../node_modules/@scope/name". */
function packageFolder(module) {
  const at = module.lastIndexOf(`${sep}node_modules${sep}`);
  if (at < 0) return null;
  const start = at + `${sep}node_modules${sep}`.length;
  const [first, second] = module.slice(start).split(sep);
  return join(module.slice(0, start), first.startsWith("@") ? join(first, second) : first);
}

/** Name, version and licence text of a package. */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.|$)/i.test(one));
  const text =
    file === undefined
      ? `licence: ${license}; the package carries no text of it`
      : readFileSync(join(folder, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

function writeWhole(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Bundles src/serve/libraries.ts of `root` into dist. Leaves a module that names packages, and says so, where these are not there. */
export async function bundleServerLibraries(root) {
  const to = join(root, "dist", "serve");
  if (!existsSync(join(root, "node_modules", "hono"))) {
    process.stderr.write("build: no hono in node_modules, an installed package will not serve\n  hint: npm ci\n");
    return;
  }
  const bundle = await rolldown({
    input: join(root, "src", "serve", "libraries.ts"),
    platform: "node",
    logLevel: "warn",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  const [chunk] = output;
  if (output.length !== 1) throw new Error(`build: the server's libraries became ${output.length} files, expected one`);
  const outside = [...chunk.imports, ...chunk.dynamicImports].filter((name) => !/^(node:|[a-z_0-9]+$)/.test(name));
  if (outside.length > 0) throw new Error(`build: the server's libraries still import ${outside.join(", ")}`);
  const folders = [...new Set(chunk.moduleIds.map(packageFolder).filter((folder) => folder !== null))].sort();
  writeWhole(join(to, "libraries.js"), chunk.code);
  writeWhole(join(to, "libraries.LICENSES.txt"), folders.map(licenceOf).join(`\n${"-".repeat(80)}\n\n`));
}
