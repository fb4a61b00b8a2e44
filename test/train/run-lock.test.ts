/** One run, one folder: who may take it, and what of a run that died makes it begin again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { beginAgain } from "../../src/train/runs/begun-run.js";
import { hasBegun, isRun } from "../../src/train/runs/run-folders.js";
import { LOCK_NAME, RunLock } from "../../src/train/runs/run-lock.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-lock-"));
afterAll(() => rmSync(root, { recursive: true }));

const folderOf = (name: string): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const silent = (text: string): void => expect.fail(text);
const lockOf = (folder: string): string => readFileSync(join(folder, LOCK_NAME), "utf8");

test("a folder has one holder, who gives it back", async () => {
  const folder = folderOf("one");
  const lock = await RunLock.take(folder, silent);
  expect(JSON.parse(lockOf(folder))).toMatchObject({ host: hostname(), pid: process.pid });
  await expect(RunLock.take(folder, silent)).rejects.toThrow(
    /one is held by process \d+ on .*, which is writing there\n {2}hint: another --out/,
  );
  await lock.expectHeld();
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  (await RunLock.take(folder, silent)).release();
});

/** What a lock of a process says. */
const holder = (pid: number, started: string | null, host = hostname()): string =>
  `${JSON.stringify({ host, pid, started, since: "2026-01-02T03:04:05.678Z" })}\n`;

test("the lock of a process that is gone is taken over with a notice, also where its number was given away", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const cases = [holder(child.pid!, null), "", "{", holder(0, null)];
  // where the system says when a process began
  if (existsSync("/proc/self/stat")) cases.push(holder(process.pid, "another boot 1"));
  for (const stale of cases) {
    const folder = folderOf("stale");
    writeFileSync(join(folder, LOCK_NAME), stale);
    const told: string[] = [];
    const lock = await RunLock.take(folder, (text) => told.push(text));
    expect(told, stale).toHaveLength(1);
    expect(told[0]).toMatch(/(is gone and left its lock|its lock is damaged): taken over$/);
    lock.release();
  }
});

test("the lock of another machine is left alone, and its name shows no control characters", async () => {
  const folder = folderOf("other");
  writeFileSync(join(folder, LOCK_NAME), holder(1, null, "gpu\u001b7"));
  const error = await RunLock.take(folder, silent).catch((e: Error) => e);
  expect(String(error)).toMatch(/held by process 1 on gpu/);
  expect(String(error)).toMatch(/alone can tell; if it does not, remove .*run\.lock$/);
  expect(String(error)).not.toContain("\u001b");
});

test("a folder that is removed, renamed or taken is noticed; a lock alone is made again", async () => {
  const gone = folderOf("gone");
  const lock = await RunLock.take(gone, silent);
  rmSync(gone, { recursive: true });
  await expect(lock.expectHeld()).rejects.toThrow(/run folder .*gone is gone\n {2}hint: it was removed or renamed/);
  const moved = folderOf("moved");
  const another = await RunLock.take(moved, silent);
  renameSync(moved, `${moved}-away`);
  await expect(another.expectHeld()).rejects.toThrow(/is gone/);
  const taken = folderOf("taken");
  const third = await RunLock.take(taken, silent);
  rmSync(join(taken, LOCK_NAME));
  await third.expectHeld();
  expect(JSON.parse(lockOf(taken))).toMatchObject({ pid: process.pid });
  rmSync(join(taken, LOCK_NAME));
  writeFileSync(join(taken, LOCK_NAME), holder(1, null));
  await expect(third.expectHeld()).rejects.toThrow(/another run has taken .*taken, this one ends/);
  third.release();
  expect(lockOf(taken)).toContain('"pid":1,');
});

test("of eight that find a stale lock at once, one takes it", async () => {
  const folder = folderOf("race");
  for (let round = 0; round < 20; round++) {
    writeFileSync(join(folder, LOCK_NAME), holder(process.pid, "another boot 1"));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => RunLock.take(folder, () => {})));
    const locks = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(locks).toHaveLength(1);
    locks[0]!.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a run that died before its first checkpoint is none: it begins again by the recipe that it left", () => {
  const folder = folderOf("begun");
  const checkpoints = join(folder, "checkpoints");
  const ask = { out: undefined, resume: folder, config: undefined, data: undefined };
  expect([isRun(folder), hasBegun(folder), beginAgain(ask)]).toEqual([false, false, null]);
  mkdirSync(checkpoints);
  writeFileSync(join(folder, "log.jsonl"), '{"kind":"train"}\n');
  writeFileSync(join(checkpoints, ".within_000003.json.0a.tmp"), "half");
  writeFileSync(join(checkpoints, "within_000003.safetensors"), "tensors whose JSON was not written");
  writeFileSync(join(checkpoints, "pictures-89633b0cc87aa395.gz"), "written before a checkpoint");
  expect([isRun(folder), hasBegun(folder)]).toEqual([false, true]);
  expect(() => beginAgain(ask)).toThrow(/died before its first step, and does not say what it was/);
  expect(beginAgain({ ...ask, data: "pets" })).toMatchObject({ out: folder, config: undefined });
  const recipe = join(folder, "recipe.json");
  writeFileSync(recipe, "{}");
  expect(beginAgain(ask)).toMatchObject({ out: folder, config: recipe });
  expect(beginAgain({ ...ask, config: "own.json" })).toMatchObject({ config: "own.json" });
  expect(beginAgain({ ...ask, out: folder, resume: true })).toMatchObject({ out: folder });
  expect(beginAgain({ ...ask, resume: undefined })).toBe(null);
  writeFileSync(join(checkpoints, "within_000003.json"), "{}");
  expect([isRun(folder), beginAgain(ask)]).toEqual([true, null]);
});
