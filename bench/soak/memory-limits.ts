/**
 * Processes that are ended for their memory, by V8's own limit and by a memory group of Linux where one can be made: what they leave
 * goes on with the bits of a run that had enough. `ulimit -v` is no test: WebAssembly reserves addresses by the gigabyte.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { bitsOf, type Ended, hasCheckpoint, run, start, tinyTraining } from "./processes.js";

const STEPS = 12;
/** From too little to start up to nearly enough. */
const heapsMb = [12, 16, 20, 24, 30];
const groupsMb = [15, 25, 35, 45];
/** Where version 1 of Linux's control groups has its memory groups. */
const GROUPS = "/sys/fs/cgroup/memory";

interface Limit {
  readonly what: string;
  readonly sizesMb: readonly number[];
  run(words: readonly string[], mb: number): Promise<Ended>;
}

const heap: Limit = {
  what: "--max-old-space-size",
  sizesMb: heapsMb,
  run: (words, mb) => run(words, { node: [`--max-old-space-size=${mb}`] }),
};

const group: Limit = {
  what: "memory group",
  sizesMb: groupsMb,
  async run(words, mb) {
    const folder = join(GROUPS, `tensorone-soak-${process.pid}`);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, "memory.limit_in_bytes"), String(mb * 2 ** 20));
      // the shell moves itself into the group, and becomes the process
      const before = ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "sh"];
      return await start(words, { before }).ended;
    } finally {
      // the group is empty a moment after its last process
      await new Promise((resolve) => setTimeout(resolve, 200));
      rmdirSync(folder);
    }
  },
};

async function canGroup(): Promise<boolean> {
  if (!existsSync(join(GROUPS, "memory.limit_in_bytes"))) return false;
  try {
    return (await group.run(["--version"], 500)).code === 0;
  } catch {
    return false;
  }
}

export const campaign: Campaign = {
  help: "training ended for its memory, and gone on with",
  share: 1,
  async run(context: SoakContext) {
    const tally = new Tally();
    const undisturbed = join(context.folder, "undisturbed");
    await run(tinyTraining(undisturbed, STEPS));
    const wanted = bitsOf(undisturbed);
    const limits = [heap];
    if (await canGroup()) limits.push(group);
    else tally.skipped.push(`memory groups: none can be made in ${GROUPS}`);
    for (const limit of limits)
      for (const mb of limit.sizesMb.slice(0, context.isShort ? 1 : undefined)) {
        if (isOver(context)) break;
        const out = join(context.folder, `${limit.what}-${mb}`);
        const first = await limit.run(tinyTraining(out, STEPS), mb);
        const words = tinyTraining(out, STEPS);
        const again = hasCheckpoint(out)
          ? await run(["train", "--resume", "--out", out, "--max-steps", String(STEPS)])
          : await run(words);
        const isRight = again.code === 0 && bitsOf(out) === wanted;
        const how = first.signal ?? `exit code ${first.code}`;
        tally.check(
          `${limit.what} ${mb} MB`,
          isRight,
          `${how}, then ${isRight ? "the same bits" : `exit code ${again.code}: ${again.stderr.trim().split("\n")[0]}`}`,
        );
      }
    return tally.result();
  },
};
