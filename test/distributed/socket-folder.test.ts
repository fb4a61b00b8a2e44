/** Folders that killed launchers leave: taken away by the next one, unless somebody may still need them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeSocketFolder, sweepSocketFolders } from "../../src/distributed/socket-folder.js";

const root = mkdtempSync(join(tmpdir(), "folders-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder as launchers make it, with this in its file. */
function folderOf(name: string, owner: string | null): string {
  const folder = join(root, `tensorone-ranks-${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "0.sock"), "");
  if (owner !== null) writeFileSync(join(folder, "owner"), owner);
  return folder;
}

it("sweeps those of dead launchers and no others", async () => {
  const own = await makeSocketFolder(root);
  const [place, pid, begin] = readFileSync(join(own, "owner"), "utf8").split(" ");
  expect(pid).toBe(String(process.pid));
  const { pid: dead } = spawnSync("true");
  const gone = folderOf("gone", `${place} ${dead} 1`);
  const reused = folderOf("reused", `${place} ${pid} ${Number(begin) - 1}`);
  const elsewhere = folderOf("elsewhere", `another-host/pid:[1] ${dead} 1`);
  const inTheMaking = folderOf("fresh", null);
  const unowned = folderOf("unowned", null);
  utimesSync(unowned, new Date(0), new Date(0));
  const foreign = join(root, "somebody-elses");
  mkdirSync(foreign);
  expect([...(await sweepSocketFolders(root))].sort().map((path) => basename(path))).toEqual(
    [gone, reused, unowned].map((path) => basename(path)).sort(),
  );
  expect([own, elsewhere, inTheMaking, foreign].every((path) => existsSync(path))).toBe(true);
  expect([gone, reused, unowned].some((path) => existsSync(path))).toBe(false);
});
