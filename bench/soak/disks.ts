/**
 * Full and slow disks: commands that write, on a disk of a few kilobytes (a tmpfs where mounts are permitted) and under a limit of the
 * size of files (prlimit); each says in a line which file it could not write, leaves no half of one, and what was there before stays.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { bitsOf, hasCheckpoint, run, tinyTraining, wrongEnd } from "./processes.js";

const STEPS = 12;
/** Sizes of disks and of files: below a log, a checkpoint, a model and a page of HTML. */
const sizesKb = [4, 16, 64, 128, 256];
const SLOW_MS = 150;
/** What says that there is no room, and where: a path, and the reason before it or behind it. */
const NO_ROOM = /(?=.*(ENOSPC|EFBIG|no space|no room|disk is full|larger than))(?=.*(\/[\w. -]+){3})/i;

/** What writes, by name; `made` is a finished run. */
const commands: { readonly [what: string]: (made: string, out: string) => readonly string[] } = {
  train: (_, out) => tinyTraining(join(out, "run"), STEPS),
  "train --tensorboard": (_, out) => tinyTraining(join(out, "run"), STEPS, "--tensorboard"),
  convert: (made, out) => ["convert", join(made, "model.safetensors"), join(out, "model.pth")],
  reparameterize: (made, out) => ["reparameterize", join(made, "model.safetensors"), join(out, "deploy.safetensors")],
  export: (made, out) => ["export", join(made, "model.safetensors"), join(out, "model.onnx")],
  report: (made, out) => ["report", made, "--out", join(out, "report.html")],
};

/** Names that a writer leaves under way. */
const unfinished = (folder: string): string[] =>
  existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /\.tmp$|\.part$/.test(name))
    : [];

interface Disk {
  readonly what: string;
  /** Makes it for `kb` at `folder`; words to put before the command. */
  open(folder: string, kb: number): readonly string[];
  close(folder: string): void;
}

const disks: readonly Disk[] = [
  {
    what: "limit of file size",
    open(folder, kb) {
      mkdirSync(folder);
      return ["prlimit", `--fsize=${kb * 1024}`];
    },
    close() {},
  },
  {
    what: "full disk",
    open(folder, kb) {
      mkdirSync(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kb}k`, "tmpfs", folder], { stdio: "ignore" });
      return [];
    },
    close: (folder) => void execFileSync("umount", ["-l", folder], { stdio: "ignore" }),
  },
];

/** Whether such a disk can be had here. */
function isPermitted(disk: Disk, folder: string): boolean {
  try {
    const [program] = disk.open(folder, 64);
    if (program !== undefined) execFileSync(program, ["--version"], { stdio: "ignore" });
    disk.close(folder);
    return true;
  } catch {
    return false;
  }
}

async function tryOne(disk: Disk, what: string, kb: number, made: string, folder: string): Promise<string | null> {
  const before = disk.open(folder, kb);
  try {
    const ended = await run(commands[what]!(made, folder), { before });
    // there was room enough
    if (ended.code === 0) return null;
    const problem = wrongEnd(ended, NO_ROOM);
    if (problem !== null) return problem;
    const left = unfinished(folder);
    return left.length > 0 ? `left ${left.join(", ")}` : null;
  } finally {
    disk.close(folder);
  }
}

/** A run on a disk that is full, gone on with where there is room. */
async function goesOn(disk: Disk, context: SoakContext, tally: Tally, wanted: string): Promise<void> {
  const folder = join(context.folder, `goes-on-${disk.what.length}`);
  const copy = `${folder}-copy`;
  const before = disk.open(folder, 200);
  try {
    // a checkpoint of 110 kB fits once, and not twice
    const first = await run(tinyTraining(join(folder, "run"), STEPS / 2), { before });
    cpSync(folder, copy, { recursive: true });
    const out = join(copy, "run");
    const again = await run(
      hasCheckpoint(out) ? ["train", "--resume", "--out", out, "--max-steps", String(STEPS)] : tinyTraining(out, STEPS),
    );
    const isRight = again.code === 0 && bitsOf(out) === wanted;
    tally.check(
      `${disk.what}: goes on elsewhere`,
      isRight,
      `exit codes ${first.code} and ${again.code}${isRight ? ", same bits" : ` ${again.stderr.trim().split("\n").at(-1)}`}`,
    );
  } finally {
    disk.close(folder);
  }
}

async function slowDisk({ folder }: SoakContext, tally: Tally, wanted: string): Promise<void> {
  const out = join(folder, "slow");
  const { code } = await run(tinyTraining(out, STEPS), {
    preload: ["tiny", "slow-disk"],
    env: { SOAK_DELAY_MS: String(SLOW_MS) },
  });
  const isRight = code === 0 && bitsOf(out) === wanted;
  tally.check(`slow disk, ${SLOW_MS} ms a call`, isRight, isRight ? "same bits" : `exit code ${code}`);
}

export const campaign: Campaign = {
  help: "commands that write, on full and slow disks and under limits of file size",
  share: 2,
  async run(context: SoakContext) {
    const { folder, isShort } = context;
    const tally = new Tally();
    const made = join(folder, "made");
    await run(tinyTraining(made, STEPS));
    const wanted = bitsOf(made);
    await slowDisk(context, tally, wanted);
    for (const disk of disks) {
      if (!isPermitted(disk, join(folder, `probe-${disk.what.length}`))) {
        tally.skipped.push(`${disk.what}: not permitted here`);
        continue;
      }
      await goesOn(disk, context, tally, wanted);
      for (const what of Object.keys(commands).slice(0, isShort ? 1 : undefined)) {
        const count = { what: `${disk.what}: ${what}`, trials: 0, failures: 0 };
        for (const kb of isShort ? [16] : sizesKb) {
          if (isOver(context)) break;
          const problem = await tryOne(disk, what, kb, made, join(folder, `${disk.what}-${what}-${kb}`));
          count.trials++;
          if (problem === null) continue;
          count.failures++;
          tally.failures.push(`${count.what}, ${kb} kB: ${problem}`);
        }
        tally.counts.push(count);
      }
    }
    return tally.result();
  },
};
