#!/usr/bin/env node
/**
 * Gets a Vulkan driver that computes on the processor, without root and without installing: lavapipe from Debian's
 * bookworm-backports (Mesa 25; the one in bookworm is refused by Dawn) and the Vulkan loader, unpacked into
 * test/gpu/vulkan. Prints the environment that makes Dawn find it, as shell exports. Debian and Ubuntu only; anywhere else,
 * or without its mirror, it says so and exits with 1.
 *
 *   node scripts/software-vulkan.mjs            unpack (once), print the exports
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "test", "gpu", "vulkan");
const libraries = join(folder, "usr", "lib", "x86_64-linux-gnu");
const icd = join(folder, "lavapipe.json");

const mirror = process.env.DEBIAN_MIRROR ?? "http://deb.debian.org/debian";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

function unpack() {
  const staging = `${folder}.new`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(join(staging, "lists", "partial"), { recursive: true });
  mkdirSync(join(staging, "cache", "archives", "partial"), { recursive: true });
  const sources = join(staging, "sources.list");
  const source = (suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`;
  writeFileSync(sources, source("bookworm-backports") + source("bookworm"));
  const own = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${join(staging, "lists")}`,
    `Dir::Cache=${join(staging, "cache")}`,
  ].flatMap((option) => ["-o", option]);
  const apt = (...args) => execFileSync("apt-get", [...own, "-qq", ...args], { cwd: staging, stdio: "pipe" });
  apt("update");
  // the loader and the LLVM that lavapipe computes with may be installed already; their packages do no harm
  apt("download", "mesa-vulkan-drivers/bookworm-backports", "libvulkan1", "libllvm15", "libdrm2", "libz3-4");
  for (const name of readdirSync(staging).filter((file) => file.endsWith(".deb")))
    execFileSync("dpkg", ["-x", name, "."], { cwd: staging });
  const described = readdirSync(join(staging, "usr/share/vulkan/icd.d")).find((name) => name.startsWith("lvp_icd"));
  const description = JSON.parse(readFileSync(join(staging, "usr/share/vulkan/icd.d", described), "utf8"));
  description.ICD.library_path = join(libraries, "libvulkan_lvp.so");
  writeFileSync(join(staging, "lavapipe.json"), JSON.stringify(description));
  for (const used of readdirSync(staging).filter((name) => name !== "usr" && name !== "lavapipe.json"))
    rmSync(join(staging, used), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
}

try {
  if (!existsSync(icd)) unpack();
} catch (error) {
  const reason = error.stderr?.toString().trim().split("\n").at(-1) || error.message;
  console.error(`software-vulkan: no driver can be had here: ${reason}`);
  process.exit(1);
}
console.log(`export VK_ICD_FILENAMES=${icd}`);
console.log(`export LD_LIBRARY_PATH=${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`);
