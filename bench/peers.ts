/**
 * The engines that are compared, each a player (player.ts). Peers are never dependencies of this package: PyTorch is Debian's
 * python3-torch, the others have a package file of their own (npm ci --prefix bench/compare).
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { benchFolder, repositoryRoot } from "./paths.js";
import { Player } from "./player.js";
import { startOurs } from "./step.bench.js";
import { type Form, type StepWork, workName } from "./work.js";

export interface Peer {
  readonly engine: string;
  /** What it can do. */
  readonly forms: readonly Form[];
  /** A player, or why there is none. */
  start(work: StepWork): Promise<Player | string>;
}

const compareFolder = join(benchFolder, "compare");
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
  if (!existsSync(join(compareFolder, "node_modules", packageName)))
    return `${packageName} is not installed: npm ci --prefix bench/compare`;
  const folder = join(repositoryRoot, "build", "compare");
  const file = join(folder, `${work.model}-${work.imageSize}-${work.batch}.onnx`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const writer = await startPyTorch(work, file);
    if (typeof writer === "string") return `no ONNX file without PyTorch: ${writer}`;
    writer.stop();
  }
  const args = [join(compareFolder, "onnx-player.mjs"), packageName, JSON.stringify(work), file];
  return Player.start(`${packageName} ${workName(work)}`, process.execPath, args);
}

/** Ours come first. */
export const peers: readonly Peer[] = [
  { engine: "tensorone", forms: ["train", "deploy"], start: (work) => startOurs(work) },
  { engine: "PyTorch (NCHW)", forms: ["train", "deploy"], start: (work) => startPyTorch(work) },
  { engine: "onnxruntime-web", forms: ["deploy"], start: (work) => startOnnx("onnxruntime-web", work) },
  { engine: "onnxruntime-node", forms: ["deploy"], start: (work) => startOnnx("onnxruntime-node", work) },
];
