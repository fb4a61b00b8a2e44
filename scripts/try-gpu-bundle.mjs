#!/usr/bin/env node
/**
 * Runs the GPU bundle as a machine would that has nothing else: in a root of its own that holds the archive's files, sh,
 * tar, gzip, a few of coreutils, glibc's libraries and a software Vulkan driver with what that one links, without network.
 * libstdc++ and libgcc are not there: the bundle's own must serve. Needs root (chroot, unshare) and Debian's mirror.
 * Usage: node scripts/try-gpu-bundle.mjs [ARCHIVE] [measure's options]; results lie in build/gpu-bundle/tried.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { reasonOf } from "./debian-packages.mjs";

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);
const archive = given[0]?.endsWith(".gz") ? resolve(given.shift()) : join(root, "build", "tensorone-gpu.tar.gz");
const jail = join(root, "build", "gpu-bundle", "root");
const results = join(root, "build", "gpu-bundle", "tried");
const driver = join(root, "test", "gpu", "vulkan", "usr", "lib", "x86_64-linux-gnu");

const programs = ["sh", "tar", "gzip", "dirname", "grep", "uname", "env", "ls", "mkdir"];
/** What Node and the loader open by name beside what they link. */
const named = ["libdl.so.2", "libpthread.so.0", "librt.so.1", "libm.so.6", "libnss_files.so.2"];
/** The bundle's business. */
const withheld = ["libstdc++.so.6", "libgcc_s.so.1", "libvulkan.so.1"];

const output = (command, ...args) => execFileSync(command, args, { encoding: "utf8" });
const found = (name) => output("sh", "-c", 'command -v "$0"', name).trim();

/** Puts a file where the machine has it, links resolved. */
function add(file, to = file) {
  const target = join(jail, to);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) copyFileSync(realpathSync(file), target);
}

function addLinked(file, environment = {}) {
  const lines = execFileSync("ldd", [file], { encoding: "utf8", env: { ...process.env, ...environment } }).split("\n");
  for (const line of lines) {
    const path = /(\/\S+) \(0x/.exec(line)?.[1];
    if (path && !withheld.includes(basename(path)))
      add(path, path.startsWith("/lib64/") ? path : join("/usr/lib/x86_64-linux-gnu", basename(path)));
  }
}

function build() {
  rmSync(jail, { recursive: true, force: true });
  for (const folder of ["proc", "dev/shm", "tmp", "etc"]) mkdirSync(join(jail, folder), { recursive: true });
  for (const name of programs) {
    add(found(name), join("/bin", name));
    addLinked(found(name));
  }
  for (const name of named) {
    const file = join("/lib/x86_64-linux-gnu", name);
    if (existsSync(file)) add(file, join("/usr/lib/x86_64-linux-gnu", name));
  }
  // as the driver's package would: library and description where the loader looks by itself
  const icd = join(driver, "libvulkan_lvp.so");
  add(icd, "/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so");
  addLinked(icd, { LD_LIBRARY_PATH: driver });
  const description = {
    file_format_version: "1.0.0",
    ICD: { library_path: "/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so", api_version: "1.4.0" },
  };
  mkdirSync(join(jail, "usr/share/vulkan/icd.d"), { recursive: true });
  writeFileSync(join(jail, "usr/share/vulkan/icd.d/lvp_icd.json"), JSON.stringify(description));
  copyFileSync(archive, join(jail, "tensorone-gpu.tar.gz"));
}

const script = (options) => `set -e
mount -t proc proc "${jail}/proc"
for device in null zero urandom random; do : > "${jail}/dev/$device"; mount --bind "/dev/$device" "${jail}/dev/$device"; done
mount -t tmpfs tmpfs "${jail}/dev/shm"
cd "${jail}"
exec env -i PATH=/bin "$(command -v chroot)" "${jail}" /bin/sh -c 'tar xzf tensorone-gpu.tar.gz && exec tensorone-gpu/measure "$@"' measure ${options.map((o) => `'${o}'`).join(" ")}`;

try {
  execFileSync(process.execPath, [join(root, "scripts", "software-vulkan.mjs")], { stdio: "pipe" });
  build();
  // a network of its own has no interface that is up
  const args = ["--mount", "--net", "--pid", "--fork", "sh", "-c", script(given)];
  const { status, signal, error } = spawnSync("unshare", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  const written = join(jail, "tensorone-gpu", "results");
  if (existsSync(written)) {
    rmSync(results, { recursive: true, force: true });
    cpSync(written, results, { recursive: true });
    console.log(`${readdirSync(results).length} files written: ${readdirSync(results).join(", ")}; kept in ${results}`);
  }
  rmSync(jail, { recursive: true, force: true });
  process.exitCode = status ?? 1;
  if (signal) console.error(`try-gpu-bundle: ended by ${signal}`);
} catch (error) {
  console.error(`try-gpu-bundle: ${reasonOf(error)}`);
  process.exitCode = 1;
}
