/**
 * The server under clients in a closed loop: S0 at 224 px on JPEGs of 500×375, against the same decoding, resizing and batches without HTTP in
 * the same process, and against ONNX Runtime's WebAssembly behind the same server; by turns.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { integer } from "../../src/cli/options.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { UsageError } from "../../src/util/errors.js";
import "../../src/index.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median } from "../measure/stats.js";
import { dryOption } from "../options.js";
import { benchFolder, builtCommandLine, expectBuilt } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { type LoadFigures, ServerProcess } from "../work/serving.js";

const PICTURES = 64;
const WARM_UP_S = 3;
/** Wanted: of the pictures without HTTP, and times ONNX Runtime's. */
const wanted = { ofDirect: 0.85, timesOnnx: 1.4 };
const cores = availableParallelism();

interface Round {
  readonly served: LoadFigures;
  /** Pictures a second without HTTP. */
  readonly direct: number;
  readonly onnx: LoadFigures;
  readonly residentBytes: number;
}

const rateOf = ({ answered, seconds }: LoadFigures): number => answered / seconds;
/** As if the clients ran on another machine: their processor time is taken off the wall time of all cores. */
const freedRate = ({ answered, seconds, cpuSeconds }: LoadFigures): number => answered / (seconds - cpuSeconds / cores);

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

function tableOf(rounds: readonly Round[]): Table {
  return {
    head: [
      "round",
      "images/s",
      "clients' CPU s",
      "less it",
      "without HTTP",
      "share",
      "ONNX Runtime, less its clients",
      "times",
      "p50, p99 ms",
      "MB",
    ],
    rows: rounds.map(({ served, direct, onnx, residentBytes }, i) => [
      ...[String(i + 1), rateOf(served).toFixed(1), `${served.cpuSeconds.toFixed(1)} of ${served.seconds.toFixed(0)}`],
      ...[freedRate(served).toFixed(1), direct.toFixed(1), (freedRate(served) / direct).toFixed(2)],
      ...[freedRate(onnx).toFixed(1), (freedRate(served) / freedRate(onnx)).toFixed(2)],
      `${served.p50Ms.toFixed(0)}, ${served.p99Ms.toFixed(0)}`,
      mb(residentBytes),
    ]),
  };
}

async function makeWork(folder: string): Promise<{ readonly model: string; readonly pictures: string }> {
  const made = join(folder, "made");
  execFileSync("/usr/bin/python3", [join(benchFolder, "compare", "run_pictures.py"), made, String(PICTURES), "1"]);
  const pictures = join(folder, "pictures");
  mkdirSync(pictures);
  for (const name of readdirSync(join(made, "train"), { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".jpg")) renameSync(join(made, "train", name), join(pictures, name.replaceAll("/", "-")));
  const model = join(folder, "s0.safetensors");
  await saveModelFile(model, createModel("mobileone_s0", { seed: 0, deploy: true }), { recipe: null, classes: null });
  execFileSync(process.execPath, [builtCommandLine, "export", model, model.replace(/safetensors$/, "onnx")], {
    stdio: "ignore",
  });
  return { model, pictures };
}

export const study = defineStudy({
  name: "serve",
  help: "the server under 32 clients, against the same work without HTTP and ONNX Runtime's WebAssembly behind the same server",
  options: {
    seconds: integer({ help: "of each span", default: 20, min: 2 }),
    rounds: integer({ help: "rounds by turns", default: 3 }),
    clients: integer({ help: "clients in a closed loop", default: 32 }),
    dry: dryOption,
  },
  examples: ["serve", "serve --seconds 5 --rounds 1 --dry"],
  async run({ seconds, rounds, clients, dry }, _, tell) {
    expectBuilt();
    if (!existsSync("/proc/self/stat")) throw new UsageError("bench: memory of processes is read from Linux's /proc");
    const machine = describeMachine();
    const folder = mkdtempSync(join(tmpdir(), "tensorone-serve-"));
    const servers: ServerProcess[] = [];
    try {
      const work = { ...(await makeWork(folder)), clients, threads: cores };
      const ours = await ServerProcess.start({ ...work, engine: "tensorone" });
      const theirs = await ServerProcess.start({ ...work, engine: "onnxruntime-web" });
      servers.push(ours, theirs);
      for (const server of servers) await server.load(WARM_UP_S);
      const found: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        const served = await ours.load(seconds);
        const { residentBytes } = ours;
        const plain = await ours.direct(seconds);
        const onnx = await theirs.load(seconds);
        found.push({ served, direct: plain.answered / plain.seconds, onnx, residentBytes });
        for (const line of asLines(tableOf(found.slice(-1)))) tell(line);
      }
      const share = median(found.map(({ served, direct }) => freedRate(served) / direct));
      const times = median(found.map(({ served, onnx }) => freedRate(served) / freedRate(onnx)));
      const refused = found.reduce((sum, { served, onnx }) => sum + served.refused + onnx.refused, 0);
      const growth = found.at(-1)!.residentBytes - found[0]!.residentBytes;
      const summary = `Medians: ${share.toFixed(2)} of the rate without HTTP (wanted ${wanted.ofDirect}), ${times.toFixed(2)} times ONNX Runtime's (wanted ${wanted.timesOnnx}). ${refused} requests were refused. Memory from the first round to the last: ${mb(growth)} MB more.`;
      tell(summary);
      if (dry) return;
      const measured = afterwards(machine);
      const page = `# Serving

\`tensorone serve\`, MobileOne-S0 at 224 px, batches of 8, ${clients} clients in a closed loop in a process of their own, on ${PICTURES} JPEGs of 500×375 (about 100 KB),
${seconds} s a span. Less it: the clients' processor time, a share of each of ${cores} cores, taken off the wall time. Without HTTP: the same bytes through the same
decoding threads (${ours.decoder}), batches and engine (${ours.label}), ${clients} at a time, in the server's process. ONNX Runtime: ${theirs.label} behind the same
server, on the file that \`export\` writes. A round has all three, by turns. ${machineLine(measured)}.

${asMarkdown(tableOf(found))}

${summary}
`;
      savePage(study.name, { machine: measured, seconds, clients, rounds: found, share, times }, page);
    } finally {
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true });
    }
  },
});
