/**
 * A process that serves S0, and answers the same pictures without HTTP when told to: node build/bench/serve-player.js WORK, where WORK is
 * a ServeWork as JSON. Says a line of JSON with its port, then one for each line {"seconds": …} that it reads.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repositoryRoot } from "./paths.js";
import type { DirectFigures, ServeWork } from "./work/serving.js";

/** A module of the built package, which is what users run. */
const built = (name: string): Promise<unknown> => import(join(repositoryRoot, "dist", name));
await built("node.js");
const { Intake } = (await built("serve/limits.js")) as typeof import("../src/serve/limits.js");
const { resolveServeOptions } = (await built("serve/options.js")) as typeof import("../src/serve/options.js");
const { Predictor } = (await built("serve/predictor.js")) as typeof import("../src/serve/predictor.js");
const { openParts, serveParts } = (await built("serve/server.js")) as typeof import("../src/serve/server.js");

const { model, pictures, clients, engine, threads } = JSON.parse(process.argv[2]!) as ServeWork;
const options = resolveServeOptions({ port: 0, threads });
const module = engine === "onnxruntime-web" ? new URL("serve-onnx-engine.js", import.meta.url).href : undefined;
const parts = await openParts(
  [{ name: "s0", path: model }],
  options,
  { fault: (_, error) => console.error(error) },
  module,
);
const serving = await serveParts(options, async () => parts);
const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ port: serving.port, label: parts.engine.label, decoder: parts.decoder });

const files = readdirSync(pictures).map((name) => readFileSync(join(pictures, name)));

/** Decode, resize, batch and answer, by as many pictures at a time as there are clients, none of which speaks HTTP. */
async function direct(seconds: number): Promise<DirectFigures> {
  const intake = new Intake({ queue: options.queue, bytes: options.maxBufferedBytes });
  const { batchSize, maxDelayMs } = options;
  const events = { onRead: () => {}, onBatch: () => {} };
  const predictor = new Predictor(parts.engine, parts.reader, intake, { batchSize, maxDelayMs, events });
  const start = performance.now();
  const end = start + seconds * 1000;
  let next = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const bytes = Uint8Array.from(files[next++ % files.length]!);
      await predictor.scores(0, [{ kind: "file", bytes }]);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { answered: next, seconds: (performance.now() - start) / 1000 };
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  say(await direct((JSON.parse(line) as { seconds: number }).seconds));
}
await serving.stop();
process.exit();
