/** Finds Chromium and starts it without a window, with WebGPU on the processor. Where there is none, a reason to skip with. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome"];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** CHROMIUM=FILE, else the first on the PATH; undefined where there is none. */
export const executable: string | undefined =
  process.env.CHROMIUM ??
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);

if (!executable)
  console.warn("\n  SKIPPED: tests in a tab need Chromium: apt-get install -y chromium, or CHROMIUM=FILE\n");

/** SwiftShader comes with Chromium; root may not use Chromium's sandbox. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executable!,
    args: [
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--enable-features=Vulkan",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
