/**
 * A Vulkan driver on the processor for tests: unpacked by scripts/software-vulkan.mjs, and loaded into this process before
 * Dawn looks for one. Where it cannot be had, a reason, which tests print when they skip.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** In the order in which they need each other. */
const libraries = ["libz3.so.4", "libLLVM-15.so.1", "libdrm.so.2", "libvulkan.so.1"];

/** A library that nobody holds is unloaded by the garbage collector. */
const loaded: unknown[] = [];

/** null when a driver is ready, else why not. */
export async function prepareSoftwareVulkan(): Promise<string | null> {
  const folder = join(root, "test", "gpu", "vulkan");
  try {
    execFileSync(process.execPath, [join(root, "scripts", "software-vulkan.mjs")], { stdio: "pipe" });
    const koffi = await import("koffi");
    for (const name of libraries) {
      const file = join(folder, "usr/lib/x86_64-linux-gnu", name);
      // whoever asks for this name later gets what is loaded
      if (existsSync(file)) loaded.push(koffi.load(file));
    }
  } catch (error) {
    const output = (error as { stderr?: Buffer }).stderr?.toString().trim();
    return output || (error instanceof Error ? error.message : String(error));
  }
  process.env.VK_ICD_FILENAMES = join(folder, "lavapipe.json");
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  process.env.TENSORONE_ALLOW_SOFTWARE = "1";
  return null;
}

/** Where Chromium keeps SwiftShader, its Vulkan driver for the processor. */
const swiftShaderFolders = [process.env.CHROMIUM, "/usr/lib/chromium/chromium"].flatMap((file) =>
  file === undefined ? [] : [dirname(file)],
);

/** Takes SwiftShader in the place of lavapipe, in a process that has opened no device yet; null when it is ready, else why not. */
export function takeSwiftShader(): string | null {
  if (noDriver !== null) return noDriver;
  const library = [
    ...(process.env.SWIFTSHADER === undefined ? [] : [process.env.SWIFTSHADER]),
    ...swiftShaderFolders.map((folder) => join(folder, "libvk_swiftshader.so")),
  ].find((file) => existsSync(file));
  if (library === undefined) return "no libvk_swiftshader.so: apt-get install -y chromium, or SWIFTSHADER=FILE";
  const description = join(mkdtempSync(join(tmpdir(), "swiftshader-")), "icd.json");
  const icd = { file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.1.0" } };
  writeFileSync(description, JSON.stringify(icd));
  process.env.VK_ICD_FILENAMES = description;
  return null;
}

/** The driver is made ready once per test file; a skip is loud. */
export const noDriver = await prepareSoftwareVulkan();
if (noDriver !== null) console.warn(`\n  SKIPPED: WebGPU tests need a software Vulkan driver: ${noDriver}\n`);
