#!/usr/bin/env node
/**
 * Gets a Vulkan driver that computes on the processor, without root and without installing: lavapipe from Debian's
 * bookworm-backports (Mesa 25; the one in bookworm is refused by Dawn) and the Vulkan loader, unpacked into
 * test/gpu/vulkan. Prints the environment that makes Dawn find it, as shell exports. Debian and Ubuntu only; anywhere else,
 * or without its mirror, it says so and exits with 1.
 *
 *   node scripts/software-vulkan.mjs            unpack (once), print the exports
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reasonOf, unpackDebian } from "./debian-packages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "test", "gpu", "vulkan");
const libraries = join(folder, "usr", "lib", "x86_64-linux-gnu");
const icd = join(folder, "lavapipe.json");

function unpack() {
  const staging = `${folder}.new`;
  // the loader and the LLVM that lavapipe computes with may be installed already; their packages do no harm
  unpackDebian(staging, ["mesa-vulkan-drivers/bookworm-backports", "libvulkan1", "libllvm15", "libdrm2", "libz3-4"]);
  const described = readdirSync(join(staging, "usr/share/vulkan/icd.d")).find((name) => name.startsWith("lvp_icd"));
  const description = JSON.parse(readFileSync(join(staging, "usr/share/vulkan/icd.d", described), "utf8"));
  description.ICD.library_path = join(libraries, "libvulkan_lvp.so");
  writeFileSync(join(staging, "lavapipe.json"), JSON.stringify(description));
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
}

try {
  if (!existsSync(icd)) unpack();
} catch (error) {
  console.error(`software-vulkan: no driver can be had here: ${reasonOf(error)}`);
  process.exit(1);
}
console.log(`export VK_ICD_FILENAMES=${icd}`);
console.log("export TENSORONE_ALLOW_SOFTWARE=1");
console.log(`export LD_LIBRARY_PATH=${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`);
