/** The networks of examples/ on the engines that have them too, each a player (player.ts). */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Player } from "../measure/player.js";
import { benchFolder, repositoryRoot } from "../paths.js";
import type { Form } from "./work.js";

export const portNames = ["mobilenet_v3_small", "convnext_tiny", "vit_tiny"] as const;
export type PortName = (typeof portNames)[number];

/** "train": forward, backward and AdamW. "deploy": forward without gradients. */
export interface PortWork {
  readonly model: PortName;
  readonly form: Form;
  readonly imageSize: number;
  readonly batch: number;
  readonly threads: number;
}

export const portWorkName = ({ model, form, batch }: PortWork): string =>
  `${model}, ${form === "train" ? "training step" : "forward"}, batch ${batch}`;

const script = join(benchFolder, "compare", "ports_torch.py");
/** Where what is made for the players lies. */
const madeFolder = join(repositoryRoot, "build", "compare");
/** The first on the path may be another than Debian's, whose package has torch. */
const pythons = ["python3", "/usr/bin/python3"];

async function startPyTorch(work: PortWork, ...more: readonly string[]): Promise<Player | string> {
  let reason = "";
  for (const python of pythons) {
    const args = [script, JSON.stringify(work), ...more];
    const player = await Player.start(`PyTorch ${portWorkName(work)}`, python, args);
    if (typeof player !== "string") return player;
    reason ||= player;
  }
  return reason;
}

/** ONNX Runtime on the file that torch's exporter writes. */
async function startOnnx(work: PortWork): Promise<Player | string> {
  const file = join(madeFolder, `${work.model}-${work.imageSize}-${work.batch}.onnx`);
  if (!existsSync(file)) {
    mkdirSync(madeFolder, { recursive: true });
    const writer = await startPyTorch(work, file);
    if (typeof writer === "string") return `no ONNX file without torchvision: ${writer}`;
    writer.stop();
  }
  const args = [join(benchFolder, "compare", "onnx-player.mjs"), "onnxruntime-web", JSON.stringify(work), file];
  return Player.start(`onnxruntime-web ${portWorkName(work)}`, process.execPath, args);
}

const startOurs = (work: PortWork): Promise<Player | string> =>
  Player.start(`tensorone ${portWorkName(work)}`, process.execPath, [
    join(repositoryRoot, "build", "bench", "ports-player.js"),
    JSON.stringify(work),
  ]);

export interface PortPeer {
  readonly engine: string;
  /** What it can do. */
  readonly forms: readonly Form[];
  /** A player, or why there is none. */
  start(work: PortWork): Promise<Player | string>;
}

/** Ours come first. */
export const portPeers: readonly PortPeer[] = [
  { engine: "tensorone", forms: ["train", "deploy"], start: startOurs },
  { engine: "PyTorch (NCHW)", forms: ["train", "deploy"], start: (work) => startPyTorch(work) },
  { engine: "onnxruntime-web", forms: ["deploy"], start: startOnnx },
];
