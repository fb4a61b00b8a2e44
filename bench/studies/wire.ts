/**
 * What the tags of messages cost: sums of 21 MB over ranks on this machine with and without them, by turns, and the tag alone.
 * Each rank is this study again, with --rank.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choice, integer, text } from "../../src/cli/options.js";
import { readIdentity } from "../../src/distributed/environment.js";
import { variables } from "../../src/distributed/join.js";
import { launchLocal } from "../../src/distributed/launch.js";
import { MeshGroup } from "../../src/distributed/mesh-group.js";
import {
  fasterMac,
  KEY_BYTES,
  type MacName,
  MessageSeal,
  macNames,
} from "../../src/distributed/sockets/message-seal.js";
import { type MeetingPoint, meet } from "../../src/distributed/sockets/rendezvous.js";
import { SocketTransport } from "../../src/distributed/sockets/socket-transport.js";
import { replicaShare, subtreesOf } from "../../src/train/replicas/replica-tree.js";
import { UsageError } from "../../src/util/errors.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median, quantile } from "../measure/stats.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy, type Tell } from "../study.js";

/** Parameters of MobileOne-S0 in training form, about: 21 MB of float32 gradients. */
const LENGTH = 5_250_000;
const WARM_UP = 4;
const LIMIT = 1.4;
/** As long as a message of the sum is. */
const MESSAGE_BYTES = 256 * 1024;
const BASE_PORT = 29_610;
const MEETING_MS = 60_000;

const sockets = ["unix", "tcp"] as const;
type SocketKind = (typeof sockets)[number];

interface Sample {
  readonly kind: SocketKind;
  readonly ranks: number;
  /** The slowest rank's time of each round. */
  readonly sealedMs: readonly number[];
  readonly bareMs: readonly number[];
}

/** A group whose messages have tags or not; both are met apart, on a folder or a port of their own. */
async function groupOf(kind: SocketKind, isSealed: boolean): Promise<MeshGroup> {
  const identity = readIdentity(process.env)!;
  const number = Number(isSealed);
  const folder = join(process.env[variables.folder]!, String(number));
  mkdirSync(folder, { recursive: true });
  const at: MeetingPoint = kind === "unix" ? { kind, folder } : { kind, host: "127.0.0.1", port: BASE_PORT + number };
  const { rank, worldSize } = identity;
  const secret = process.env[variables.secret]!;
  const peers = await meet({ rank, worldSize, at, secret, deadlineMs: MEETING_MS, onNotice: console.error });
  return new MeshGroup(new SocketTransport(identity, peers, kind, { isSealed }), { deadlineMs: MEETING_MS });
}

/** What every rank runs: rounds of both by turns, the first of each pair alternating. */
async function measure(kind: SocketKind, rounds: number, file: string): Promise<void> {
  const bare = await groupOf(kind, false);
  const sealed = await groupOf(kind, true);
  const { rank, worldSize } = sealed;
  const share = replicaShare(worldSize, worldSize, rank);
  // as the engine's arena holds them
  const memory = new SharedArrayBuffer(2 * 4 * LENGTH);
  const part = new Float32Array(memory, 0, LENGTH);
  for (let i = 0; i < LENGTH; i++) part[i] = 1 / (1 + rank + (i % 1000));
  const into = new Float32Array(memory, 4 * LENGTH, LENGTH);
  const parts = subtreesOf(share, worldSize).map(() => part);
  const times = { sealedMs: [] as number[], bareMs: [] as number[] };
  const play = async (group: MeshGroup): Promise<number> => {
    await group.barrier();
    const begin = performance.now();
    await group.sumReplicas(parts, worldSize, into);
    const ms = Float64Array.of(performance.now() - begin);
    await group.allReduce(ms, "max");
    return ms[0]!;
  };
  for (let round = -WARM_UP; round < rounds; round++)
    for (const group of round % 2 === 0 ? [bare, sealed] : [sealed, bare]) {
      const ms = await play(group);
      if (round >= 0) times[group === bare ? "bareMs" : "sealedMs"].push(ms);
    }
  if (rank === 0) writeFileSync(file, JSON.stringify({ kind, ranks: worldSize, ...times } satisfies Sample));
  await bare.close();
  await sealed.close();
}

/** Gigabytes a second of a tag alone, on this thread and this machine. */
function tagThroughput(mac: MacName): number {
  const seal = new MessageSeal(mac, randomBytes(KEY_BYTES));
  const [head, bytes] = [new Uint8Array(0), randomBytes(MESSAGE_BYTES)];
  const times = Array.from({ length: 400 }, (_, number) => {
    const begin = performance.now();
    seal.tag(number, head, bytes);
    return performance.now() - begin;
  });
  return MESSAGE_BYTES / median(times) / 1e6;
}

function tableOf(samples: readonly Sample[]): Table {
  return {
    head: ["sockets", "ranks", "with tags, ms", "without, ms", "ratio", "best by best", "wanted"],
    rows: samples.map(({ kind, ranks, sealedMs, bareMs }) => {
      const [sealed, bare] = [median(sealedMs), median(bareMs)];
      const best = quantile(sealedMs, 0) / quantile(bareMs, 0);
      const ratio = [(sealed / bare).toFixed(2), best.toFixed(2), `≤ ${LIMIT}`];
      return [kind, String(ranks), sealed.toFixed(1), bare.toFixed(1), ...ratio];
    }),
  };
}

async function measureAll(rounds: number, note: string | undefined, tell: Tell): Promise<void> {
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), "wire-"));
  const samples: Sample[] = [];
  try {
    for (const kind of sockets)
      for (const ranks of [2, 4]) {
        const file = join(folder, `${kind}-${ranks}.json`);
        const own = ["--rank", file, "--sockets", kind, "--rounds", String(rounds)];
        const command = () => [process.argv[1]!, study.name, ...own];
        const { exitCode } = await launchLocal({ nproc: ranks, command, print: console.error }, process.env);
        if (exitCode !== 0) throw new UsageError(`bench: ${ranks} ranks over ${kind} sockets ended with ${exitCode}`);
        samples.push(JSON.parse(readFileSync(file, "utf8")) as Sample);
        tell(asLines(tableOf(samples)).at(-1)!);
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const speeds = macNames.map((mac) => ({ mac, gigabytesPerSecond: tagThroughput(mac) }));
  const chosen = speeds.find(({ mac }) => mac === fasterMac())!;
  const floorMs = (2 * 4 * LENGTH) / chosen.gigabytesPerSecond / 1e6;
  const measured = afterwards(machine);
  const alone = speeds.map(({ mac, gigabytesPerSecond: speed }) => `${mac} ${speed.toFixed(1)} GB/s`).join(", ");
  const page = `# What the tags of messages cost

Sums of 21 MB (${LENGTH} float32) over ranks on this machine, each message with its tag (${chosen.mac} over data that is not
encrypted: the faster of two here) and without, by turns; the slowest rank's time of each round, medians of ${rounds} rounds. The tag alone
in messages of ${MESSAGE_BYTES / 1024} KiB: ${alone}. Of two ranks each sends and receives as much as the vector, so ${floorMs.toFixed(1)} ms a sum are the
least that tags can cost. ${machineLine(measured)}.${note === undefined ? "" : `\n\n${note}`}

${asMarkdown(tableOf(samples))}
`;
  savePage(study.name, { machine: measured, length: LENGTH, tags: speeds, samples }, page);
}

export const study = defineStudy({
  name: "wire",
  help: "sums of gradients over sockets with the tags of messages and without; a quiet machine, minutes",
  options: {
    rounds: integer({ help: "rounds of each", default: 40 }),
    note: text({ help: "words for the page, such as how a busy machine was kept out" }),
    rank: text({ help: "for the study itself: be one rank and write its sample to FILE", placeholder: "FILE" }),
    sockets: choice(sockets, { help: "for the study itself: which sockets the rank uses", default: "unix" }),
  },
  examples: ["wire", "wire --rounds 100"],
  run: ({ rounds, note, rank, sockets: kind }, _, tell) =>
    rank === undefined ? measureAll(rounds, note, tell) : measure(kind as SocketKind, rounds, rank),
});
