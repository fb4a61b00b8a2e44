/**
 * A training run in Weights & Biases. Its client is no dependency: `npm i @wandb/sdk`, and with WANDB_API_KEY set the run is
 * uploaded; without, what would be sent is printed. Any other service is the same few methods.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { demoRecipe, type Logger, type RunInfo, setBackend, train } from "tensorone/node";

/** What a run needs of the client. */
export interface Wandb {
  init(options: { project: string; name: string; config: Record<string, unknown> }): Promise<unknown>;
  log(row: Record<string, number>): void;
  finish(): Promise<unknown>;
}

export const wandbLogger = (wandb: Wandb, project: string): Logger => ({
  async onStart({ out, recipe, seed, replicas, backend }: RunInfo) {
    await wandb.init({ project, name: out, config: { ...recipe, seed, replicas, backend } });
  },
  onStep({ step, epoch, loss, accuracy, lr, imagesPerSecond }) {
    wandb.log({ step, epoch, "train/loss": loss, "train/top1": 100 * accuracy, "train/lr": lr, imagesPerSecond });
  },
  onValidation({ step, top1, loss, raw }) {
    wandb.log({ step, "val/top1": top1, "val/loss": loss, ...(raw && { "val/raw/top1": raw.top1 }) });
  },
  async onEnd() {
    await wandb.finish();
  },
});

const printing: Wandb = {
  init: async ({ project, name }) => console.log(`init ${project} ${name}`),
  log: (row) => console.log("log", JSON.stringify(row)),
  finish: async () => console.log("finish"),
};

const sdk = "@wandb/sdk"; // not written into the import: the program compiles where it is not installed
const client = process.env.WANDB_API_KEY === undefined ? printing : ((await import(sdk)).default as Wandb);
const demo = new URL("../demo/fashion-mnist", import.meta.resolve("tensorone"));
await setBackend("wasm", { threads: 1 });
await train({
  recipe: demoRecipe("mobileone_s0"),
  data: fileURLToPath(existsSync(new URL(`${demo}/train`)) ? demo : new URL("shards", demo)),
  out: "runs/watched",
  seed: 0,
  workers: 1,
  maxSteps: 3,
  validate: false,
  loggers: [wandbLogger(client, "tensorone")],
  backendLabel: "wasm x1",
});
