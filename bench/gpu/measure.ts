/**
 * `./measure` of the GPU bundle (docs/on-a-gpu.md), also `node build/bench/gpu/measure.js`: all that a machine with a card can
 * tell, part by part, each in a process of its own, results written after every part.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TensoroneError, UsageError } from "../../src/util/errors.js";
import { repositoryRoot } from "../paths.js";
import { playPart } from "./measure/child.js";
import { help, parseMeasureOptions } from "./measure/options.js";
import type { Asked } from "./measure/part.js";
import { type PartName, parts } from "./measure/parts.js";
import { measureAll } from "./measure/run.js";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const [first, name, asked] = process.argv.slice(2);
  if (first === "--child") await playPart(parts[name as PartName].run, JSON.parse(asked!) as Asked);
  const options = parseMeasureOptions(process.argv.slice(2), join(repositoryRoot, "results"));
  if (options.wantsHelp) say(help);
  else await measureAll(fileURLToPath(import.meta.url), options, say);
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(
    `error: ${error instanceof TensoroneError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
