/** Opens the file that its second argument names, as its first says, and prints how that went: JSON of one line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [how, path, root] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(root, "dist", file)).href);
const { loadModelFile, openDataset, loadRecipeFile } = await load("node.js");
const { readCheckpointFile } = await load("train/checkpoints/checkpoint-format.js");
const { readClassWeights } = await load("train/recipes/class-weights.js");
const { openTar } = await load("data/sets/shards/tar-file.js");

const openings = {
  weights: () => loadModelFile(path),
  raw: () => loadModelFile(path, { weights: "raw" }),
  checkpoint: () => readCheckpointFile(path),
  data: () => openDataset(path, "train"),
  recipe: () => loadRecipeFile(path),
  classWeights: () => readClassWeights(path),
  shard: () => openTar(path),
};

/** Of the processor, in milliseconds: what other processes take does not count. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How fast the machine is: some 100 ms on most. */
function yardstick() {
  const start = cpuMs();
  let sum = 0;
  for (let i = 0; i < 1e8; i++) sum = (sum + i) | 0;
  return sum === 1 ? 0 : cpuMs() - start;
}

/** The most memory this program had; what its parent had before it began is in resourceUsage() too. */
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

const before = yardstick();
const start = cpuMs();
let answer = null;
let isOurs = false;
try {
  await openings[how]();
} catch (error) {
  answer = error.summary ?? String(error);
  isOurs = error.summary !== undefined;
}
const ms = cpuMs() - start;
const peakMb = peak();
console.log(JSON.stringify({ answer, isOurs, ms, yardstickMs: (before + yardstick()) / 2, peakMb }));
