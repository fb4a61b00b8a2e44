/** Two checkouts by turns, played by scripts; and that a commit's checkout leaves nothing behind. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asLines } from "../../bench/report/tables.js";
import { commitOf, withCheckout } from "../../bench/work/checkout.js";
import { pairsTable, playPairs } from "../../bench/work/pairs.js";
import type { StepWork } from "../../bench/work/work.js";

const work: StepWork = { form: "train", model: "mobileone_s0", imageSize: 32, batch: 2, threads: 1, training: "auto" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-pairs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A checkout whose steps take `ms` by its own clock; it waits so long for the first answer as `waitMs`. */
function checkout(name: string, ms: number, waitMs = 0): string {
  const bench = join(folder, name, "build", "bench");
  mkdirSync(bench, { recursive: true });
  writeFileSync(
    join(bench, "step-player.js"),
    `if (JSON.parse(process.argv[2]).training !== "auto") throw new Error("no form of training");
    console.log('{"ready":true}');
    require("node:readline").createInterface({ input: process.stdin })
      .on("line", () => setTimeout(() => console.log('{"ms":${ms}}'), ${waitMs}));`,
  );
  return join(folder, name);
}

describe("pairs", () => {
  it("give the other's time by one's own, pair by pair", async () => {
    const row = await playPairs(work, { other: checkout("other", 30), own: checkout("own", 20) }, 4);
    expect(row).toEqual({ work, pairs: 4, otherMs: 30, ownMs: 20, ratios: [1.5, 1.5, 1.5, 1.5] });
    expect(asLines(pairsTable([row], "abc")).at(-1)).toMatch(/30\.0 ms +20\.0 ms +1\.500 +1\.500 to 1\.500/);
  });

  it("end with a signal in the middle of a step", async () => {
    const controller = new AbortController();
    const checkouts = { other: checkout("other", 1, 600_000), own: checkout("own", 1) };
    const playing = playPairs(work, checkouts, 4, controller.signal);
    setTimeout(() => controller.abort(130), 500);
    await expect(playing).rejects.toThrow();
  });

  it("name a checkout that cannot play", async () => {
    const broken = join(folder, "nothing");
    await expect(playPairs(work, { other: broken, own: checkout("own", 1) }, 1)).rejects.toThrow(/nothing/);
  });
});

describe("a commit's checkout", () => {
  const worktrees = () => execFileSync("git", ["worktree", "list"], { encoding: "utf8" });
  const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith("tensorone-against-"));

  it("is of a commit that there is", () => {
    expect(commitOf("HEAD")).toMatch(/^[0-9a-f]{40}$/);
    expect(() => commitOf("no-such-branch")).toThrow("no-such-branch is no commit of this checkout, expected one");
    expect(() => commitOf("--all")).toThrow("--all is no commit");
  });

  it("is gone after a signal, worktree and folder", async () => {
    const [listBefore, foldersBefore] = [worktrees(), temporary()];
    const controller = new AbortController();
    const begun = withCheckout(
      commitOf("HEAD"),
      controller.signal,
      () => {},
      () => Promise.resolve("compiled"),
    );
    setTimeout(() => controller.abort(130), 100);
    await expect(begun).rejects.toThrow();
    expect(temporary()).toEqual(foldersBefore);
    expect(worktrees()).toBe(listBefore);
  });
});
