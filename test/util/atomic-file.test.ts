import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "../../src/util/atomic-file.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tensorone-atomic-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("replaces a file and leaves no temporary file", async () => {
  const path = join(folder, "model.bin");
  await writeFile(path, "old");
  await writeFileAtomic(path, [Uint8Array.of(1, 2), Uint8Array.of(3)]);
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(["model.bin"]);
});

test("a failed rename keeps what was there and removes the temporary file", async () => {
  const path = join(folder, "taken");
  await mkdir(path); // a file cannot take the name of a folder
  await expect(writeFileAtomic(path, "new")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["taken"]);
});

test("a missing folder is the caller's error, as the system words it", async () => {
  await expect(writeFileAtomic(join(folder, "no", "file"), "x")).rejects.toMatchObject({ code: "ENOENT" });
});
