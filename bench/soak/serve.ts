/**
 * A server among hostile clients: mutated bodies over all of its addresses, clients that hardly send, floods, pictures of 100
 * megapixels. Every answer has to be a status, its process has to live, and a sound picture has to get the answer that it had.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { benchFolder } from "../paths.js";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { Draw, mutate } from "./mutants/mutators.js";
import { type Started, start } from "./processes.js";
import { type Answered, type Asked, Client, slowClient, wrongAnswer } from "./serve-clients.js";

const amounts = {
  whole: { bodies: 10_000, slow: 300, flood: 600 },
  short: { bodies: 150, slow: 30, flood: 80 },
} as const;
const CLIENTS = 16;
const QUEUE = 32;
/** Of the process, whatever is sent. */
const MOST_BYTES = 1.5e9;
const START_MS = 60_000;
const SIDE = 10_000;

const words = ["inputs", "shape", "datatype", "data", "image", "topK", "BYTES", "null", "1e999", "{", "[", '"'].map(
  (word) => new TextEncoder().encode(word),
);

/** Sound requests of every kind. */
function soundRequests(photo: Uint8Array): Asked[] {
  const base64 = Buffer.from(photo).toString("base64");
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const json = { "Content-Type": "application/json" };
  const infer = "/v2/models/pets/infer";
  const shape = [1, 32, 32, 3];
  const numbers = Array.from({ length: 32 * 32 * 3 }, (_, i) => i % 256);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(photo.length);
  const size = photo.length + length.length;
  const head = text({
    inputs: [{ name: "image", datatype: "BYTES", shape: [1], parameters: { binary_data_size: size } }],
  });
  return [
    { path: "/predictions/pets", body: photo },
    { path: "/predictions/pets", body: text({ image: base64, topK: 2 }), headers: json },
    { path: infer, body: text({ inputs: [{ name: "i", datatype: "BYTES", shape: [1], data: [base64] }] }) },
    { path: infer, body: text({ inputs: [{ name: "i", datatype: "UINT8", shape, data: numbers }] }) },
    { path: infer, body: text({ inputs: [{ name: "i", datatype: "FP32", shape, data: numbers }] }) },
    {
      path: infer,
      body: new Uint8Array(Buffer.concat([head, length, photo])),
      headers: { "Inference-Header-Content-Length": String(head.length) },
    },
  ];
}

/** The most that the process has had in memory. */
const peakBytes = (pid: number): number =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);

async function startServer(folder: string): Promise<{ readonly server: Started; readonly port: number }> {
  const file = join(folder, "pets.safetensors");
  const model = createModel("mobileone_s0", { numClasses: 3, seed: 1 });
  await saveModelFile(file, model, { recipe: null, classes: ["a", "b", "c"] });
  const options = ["--port", "0", "--image-size", "32", "--threads", "1", "--workers", "1", "--queue", String(QUEUE)];
  const server = start(["serve", file, ...options, "--max-megapixels", "100", "--request-timeout", "3"], {
    preload: [],
  });
  const end = performance.now() + START_MS;
  for (;;) {
    const port = /listening on http:\/\/127.0.0.1:(\d+)/.exec(server.output())?.[1];
    if (port !== undefined) return { server, port: Number(port) };
    if (server.child.exitCode !== null || performance.now() > end) throw new Error(`serve: ${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Mutants of all kinds in turn, as many at a time as there are clients. */
async function sendMutants(context: SoakContext, client: Client, sound: readonly Asked[], tally: Tally): Promise<void> {
  const { seed, isShort } = context;
  const { bodies } = amounts[isShort ? "short" : "whole"];
  const draw = new Draw(seed);
  const statuses = new Map<number, number>();
  let [trials, failures, slowest] = [0, 0, 0];
  const sendNext = async (): Promise<void> => {
    while (trials < bodies && !isOver(context)) {
      const asked = sound[trials++ % sound.length]!;
      const other = draw.pick(sound).body;
      const answered = await client.send({ ...asked, body: mutate(asked.body, draw, { other, words }) });
      statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
      slowest = Math.max(slowest, answered.ms);
      const why = wrongAnswer(answered);
      if (why === null) continue;
      failures++;
      tally.failures.push(`a mutant of ${asked.path}: ${why}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, sendNext));
  const shown = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  const note = `${shown.join(", ")}; slowest ${slowest.toFixed(0)} ms`;
  tally.counts.push({ what: "mutated bodies", trials, failures, note });
}

/** A third send nothing, a third never end their headers, a third never end their body; sound pictures are sent meanwhile. */
async function sendSlowly(port: number, client: Client, sound: Asked, count: number, tally: Tally): Promise<void> {
  const firsts = [
    "",
    "POST /predictions/pets HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "POST /predictions/pets HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
  ];
  let isDone = false;
  const slow = Promise.all(Array.from({ length: count }, (_, i) => slowClient(port, firsts[i % firsts.length]!)));
  void slow.then(() => {
    isDone = true;
  });
  let [beside, refused] = [0, 0];
  do {
    const { status } = await client.send(sound);
    beside++;
    if (status !== 200) refused++;
  } while (!isDone);
  const lines = await slow;
  const failures = lines.filter((line) => line !== "HTTP/1.1 408 Request Timeout").length;
  if (failures > 0) tally.failures.push(`slow clients got ${[...new Set(lines)].join(", ")}, expected 408`);
  tally.counts.push({ what: "slow clients", trials: count, failures, note: "408 each" });
  if (refused > 0) tally.failures.push(`${refused} of ${beside} sound pictures beside slow clients were refused`);
  tally.counts.push({ what: "sound pictures beside them", trials: beside, failures: refused });
}

async function flood(port: number, sound: Asked, count: number, tally: Tally): Promise<void> {
  const client = new Client(port, count);
  const answers = await Promise.all(Array.from({ length: count }, () => client.send(sound)));
  client.close();
  const wrong = answers.filter(({ status }) => status !== 200 && status !== 503);
  if (wrong.length > 0) tally.failures.push(`a flood: ${wrong[0]!.status} ${wrong[0]!.text.slice(0, 200)}`);
  const taken = answers.filter(({ status }) => status === 200).length;
  const note = `queue of ${QUEUE}: ${taken} answered, ${count - taken - wrong.length} got 503`;
  tally.counts.push({ what: "requests at once", trials: count, failures: wrong.length, note });
}

/** Where two lists of answers part, for the list of failures. */
const differences = (before: readonly Answered[], after: readonly Answered[]): string =>
  after
    .flatMap(({ status, text }, i) =>
      text === before[i]!.text
        ? []
        : [`${i}: ${status} ${text.slice(0, 120)}, before ${before[i]!.text.slice(0, 120)}`],
    )
    .join("; ");

/** One of 100 megapixels, which is read, and one of a row more, which is not. */
async function sendLarge(client: Client, tally: Tally): Promise<void> {
  let sharp: typeof import("sharp").default;
  try {
    sharp = (await import("sharp")).default;
  } catch {
    tally.skipped.push("pictures of 100 megapixels: sharp, which makes them, is not installed");
    return;
  }
  // a PNG of so many pixels takes more memory than the budget has
  for (const [format, height, expected] of [
    ["jpeg", SIDE, 200],
    ["jpeg", SIDE + 1, 400],
    ["png", SIDE, 400],
    ["png", SIDE + 1, 400],
  ] as const) {
    const picture = sharp({
      create: { width: SIDE, height, channels: 3, background: "#a53" },
      limitInputPixels: false,
    });
    const body = await picture.toFormat(format).toBuffer();
    const { status, text, ms } = await client.send({ path: "/predictions/pets", body });
    const note = `status ${status} after ${(ms / 1000).toFixed(1)} s ${status === expected ? "" : text.slice(0, 200)}`;
    tally.check(`${format} of ${SIDE}×${height}, ${body.length} bytes`, status === expected, note.trim());
  }
}

export const campaign: Campaign = {
  help: "a server under mutated bodies, slow clients, floods and pictures of 100 megapixels",
  share: 3,
  async run(context: SoakContext) {
    const tally = new Tally();
    const { slow, flood: many } = amounts[context.isShort ? "short" : "whole"];
    // no Buffer, whose slice() is no copy: mutants would be made in the sound ones
    const photo = new Uint8Array(readFileSync(join(benchFolder, "fixtures", "photo.jpg")));
    const sound = soundRequests(photo);
    const { server, port } = await startServer(context.folder);
    const client = new Client(port, CLIENTS);
    try {
      const before = await Promise.all(sound.map((asked) => client.send(asked)));
      await sendMutants(context, client, sound, tally);
      await sendSlowly(port, client, sound[0]!, slow, tally);
      await flood(port, sound[0]!, many, tally);
      await sendLarge(client, tally);
      const after = await Promise.all(sound.map((asked) => client.send(asked)));
      const isSame = after.every(({ status, text }, i) => status === 200 && text === before[i]!.text);
      tally.check("sound requests afterwards", isSame, isSame ? "the same answers" : differences(before, after));
      const peak = peakBytes(server.child.pid!);
      tally.check("memory of the process", peak < MOST_BYTES, `peak ${(peak / 1e6).toFixed(0)} MB`);
      const last = [1, 2, 3].map(() => client.send(sound[0]!));
      await Promise.race(last);
      server.child.kill("SIGTERM");
      const { code } = await server.ended;
      tally.check("SIGTERM in the middle", code === 0, `exit code ${code}`);
      await Promise.all(last);
    } finally {
      client.close();
      server.child.kill("SIGKILL");
    }
    return tally.result();
  },
};
