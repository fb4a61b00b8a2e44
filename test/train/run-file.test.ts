/** run.json: what a run keeps of its data, and files of earlier versions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { RunSettings } from "../../src/train/recipes/config/run-fields.js";
import { mergeSettings, RunFileLogger, readRunSettings } from "../../src/train/runs/run-file.js";

const folder = mkdtempSync(join(tmpdir(), "run-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: RunSettings = {
  data: ["/a/pets", "/a/more.csv"],
  valFraction: 0.1,
  onBadPicture: "skip",
  decoder: "jpeg-js",
  backend: "wasm",
  turbo: false,
  noValidate: false,
  validateRaw: false,
  saveEvery: 500,
  keep: 3,
  checkEvery: 100,
};
const file = join(folder, "run.json");

test("several data sets, their split and what becomes of bad pictures come back", async () => {
  await new RunFileLogger(folder, settings).onCheckpoint();
  expect(await readRunSettings(folder)).toMatchObject(settings);
  const { settings: merged } = mergeSettings(
    settings,
    { ...settings, data: "/b", valFraction: null },
    new Set(["data"]),
  );
  expect(merged).toEqual({ ...settings, data: "/b" });
});

test("a file of an earlier version has the default split and stops at bad pictures; a damaged one is refused", async () => {
  const { valFraction: _, onBadPicture: __, ...former } = JSON.parse(readFileSync(file, "utf8")) as RunSettings;
  writeFileSync(file, JSON.stringify({ ...former, data: "/a/pets" }));
  expect(await readRunSettings(folder)).toMatchObject({ data: "/a/pets", valFraction: null, onBadPicture: "stop" });
  for (const wrong of [{ data: [1] }, { valFraction: 1 }, { onBadPicture: "ask" }]) {
    writeFileSync(file, JSON.stringify({ ...former, ...wrong }));
    await expect(readRunSettings(folder)).rejects.toThrow(new RegExp(`${Object.keys(wrong)[0]} is .*damaged`));
  }
});

test("turbo is told where it is another one; what is still to be found out is not", () => {
  const notices = (turbo: boolean | null) =>
    mergeSettings({ ...settings, turbo: true }, { ...settings, turbo }, new Set(["turbo"])).notices;
  expect(notices(false)).toEqual(["turbo was true, is false: the run goes on with other bits"]);
  expect([notices(true), notices(null)]).toEqual([[], []]);
  // not given: as it was
  const kept = mergeSettings({ ...settings, turbo: true }, { ...settings, turbo: null }, new Set());
  expect(kept).toEqual({ settings: { ...settings, turbo: true }, notices: [] });
});
