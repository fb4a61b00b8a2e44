/**
 * How much of a replayed S0 training step is JavaScript, by V8's sampling profiler: samples on this thread are in emitted
 * code, in V8 itself ("native"), in the garbage collector, or in JavaScript, to which copies of memory count that it asks
 * for. Other threads are not sampled; with two, waiting for the other at the end of each stage is listed apart.
 */
import { Session } from "node:inspector/promises";
import { setBackend } from "../../src/index.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { dryOption } from "../options.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { prepareWork } from "../work/work.js";

const SAMPLING_US = 100;
/** A run and a recording come first. */
const WARM_UP = 4;
const STEPS = 6;

type Kind = "kernels" | "native" | "garbage collector" | "waiting" | "JavaScript";
const kinds: readonly Kind[] = ["kernels", "JavaScript", "waiting", "garbage collector", "native"];

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** Frames in parentheses are V8's own. The loop that walks the stages is where a thread waits for the others. */
function kindOf({ functionName, url }: Frame, threads: number): Kind {
  if (url.startsWith("wasm://")) return "kernels";
  if (functionName === "(garbage collector)") return "garbage collector";
  if (functionName.startsWith("(")) return "native";
  return functionName === "runStages" && threads > 1 ? "waiting" : "JavaScript";
}

interface Share {
  readonly threads: number;
  readonly stepMs: number;
  readonly ms: Readonly<Record<Kind, number>>;
  /** JavaScript, function by function, dearest first. */
  readonly functions: readonly { readonly name: string; readonly ms: number }[];
}

async function measure(threads: number): Promise<Share> {
  const backend = await setBackend("wasm", { threads });
  const step = prepareWork({
    ...{ model: "mobileone_s0", form: "train", imageSize: 224, batch: 32 },
    ...{ threads, training: "auto" },
  });
  for (let i = 0; i < WARM_UP; i++) step();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_US });
  await session.post("Profiler.start");
  const begin = performance.now();
  for (let i = 0; i < STEPS; i++) step();
  const stepMs = (performance.now() - begin) / STEPS;
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  await backend.dispose?.();
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const ms = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  const functions = new Map<string, number>();
  profile.samples!.forEach((id, i) => {
    const frame = frames.get(id)!;
    const kind = kindOf(frame, threads);
    // a sample counts until the next one
    const sampleMs = (profile.timeDeltas![i + 1] ?? SAMPLING_US) / 1000 / STEPS;
    ms[kind] += sampleMs;
    if (kind !== "JavaScript") return;
    const name = `${frame.functionName || "(anonymous)"} ${frame.url.split("/").at(-1)}`;
    functions.set(name, (functions.get(name) ?? 0) + sampleMs);
  });
  const sorted = [...functions].sort((a, b) => b[1] - a[1]).map(([name, value]) => ({ name, ms: value }));
  return { threads, stepMs, ms, functions: sorted };
}

const share = (ms: number, stepMs: number): string => `${ms.toFixed(1)} ms, ${((100 * ms) / stepMs).toFixed(2)} %`;

const sharesTable = (shares: readonly Share[]): Table => ({
  head: ["threads", "step", ...kinds],
  rows: shares.map(({ threads, stepMs, ms }) => [
    ...[String(threads), `${stepMs.toFixed(0)} ms`],
    ...kinds.map((kind) => share(ms[kind], stepMs)),
  ]),
});

/** Of each number of threads the dearest. */
const SHOWN_FUNCTIONS = 12;

const functionsTable = (shares: readonly Share[]): Table => ({
  head: ["threads", "function", "a step"],
  rows: shares.flatMap(({ threads, stepMs, functions }) =>
    functions.slice(0, SHOWN_FUNCTIONS).map(({ name, ms }) => [String(threads), name, share(ms, stepMs)]),
  ),
});

const pageOf = (shares: readonly Share[], line: string): string => `# JavaScript in a replayed training step

MobileOne-S0, 224 px, batch 32, folded, ${STEPS} steps from bytes to averaged weights under V8's sampling profiler (every
${SAMPLING_US} µs), this thread's samples by what they were in. "Waiting" is the loop that walks the stages, where a thread waits for
the other; "native" is V8 itself. Copies of memory count as the JavaScript that asks for them. ${line}.

${asMarkdown(sharesTable(shares))}

JavaScript by function:

${asMarkdown(functionsTable(shares))}
`;

export const study = defineStudy({
  name: "javascript-share",
  help: "how much of a replayed S0 step is JavaScript, by V8's sampling profiler, 1 and 2 threads",
  options: { dry: dryOption },
  examples: ["javascript-share --dry"],
  async run({ dry }, _, tell) {
    const machine = describeMachine();
    const shares = [await measure(1), await measure(2)];
    for (const one of [sharesTable(shares), functionsTable(shares)]) tell(`${asLines(one).join("\n")}\n`);
    if (dry) return;
    const measured = afterwards(machine);
    const json = { machine: measured, steps: STEPS, samplingUs: SAMPLING_US, shares };
    savePage(study.name, json, pageOf(shares, machineLine(measured)));
  },
});
