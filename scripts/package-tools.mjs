/**
 * Installs what the packed package is tried with, from the registry: bundlers, compilers and runtimes (test/package/tools, 1.1 GB
 * on disk), and Node for arm64 (test/package/tools-arm64, 0.2 GB), each once. `npm run test:package` calls it. Where there is no
 * network it says so and ends well: those tests then say that they were skipped.
 * Usage: node scripts/package-tools.mjs
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folders = [
  { name: "tools", options: [] },
  { name: "tools-arm64", options: ["--cpu=arm64", "--os=linux"] },
];
/** Of one installation. */
const LIMIT_MS = 600_000;

for (const { name, options } of folders) {
  const folder = join(import.meta.dirname, "..", "test", "package", name);
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules", ".installed-lock.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) continue;
  process.stdout.write(`test/package/${name}: installing …\n`);
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...options];
  const { error, status, stderr } = spawnSync("npm", args, { encoding: "utf8", timeout: LIMIT_MS });
  if (!error && status === 0) writeFileSync(stamp, lock);
  else {
    const reason = error?.message ?? /npm error (?!code)(.*)/.exec(stderr)?.[1] ?? `npm ended with ${status}`;
    process.stdout.write(`test/package/${name}: not installed, its tests will be skipped: ${reason}\n`);
  }
}
