/** A run keeps its decoder: a checkpoint names it, and what goes on from there has the same pixels or a line that says no. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DecoderName } from "../../src/data/codecs/decoder.js";
import { setBackend } from "../../src/index.js";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { train } from "../../src/train/trainer.js";
import { readFixture } from "../data/fixtures.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-decoder-"));
const data = join(root, "data");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const name of ["a", "b"]) {
    mkdirSync(join(data, "train", name), { recursive: true });
    for (const file of ["s420.jpg", "s444.jpg"])
      writeFileSync(join(data, "train", name, file), readFixture(`images/${file}`));
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const recipe = { ...mobileoneS0, epochs: 9, batchSize: 4, images: { ...mobileoneS0Demo.images, trainSize: 32 } };
const checkpoint = (epoch: number) => join(root, "run", "checkpoints", `epoch_00${epoch}.json`);

/** Runs to a step; the decoder it told its loggers, and what it said about it. */
async function runTo(maxSteps: number, options: { decoder?: DecoderName; resume?: string | true } = {}) {
  let decoder = "";
  const lines: string[] = [];
  const logger = {
    onStart: (info: { decoder: string }) => {
      decoder = info.decoder;
    },
    onNotice: (line: string) => void (line.startsWith("decoder") && lines.push(line)),
  };
  await train({
    ...{ recipe, data, out: join(root, "run"), seed: 0, workers: 0, validate: false, keep: 9, maxSteps },
    ...{ loggers: [logger], backendLabel: "wasm", ...options },
  });
  return {
    decoder,
    lines,
    kept: (JSON.parse(readFileSync(checkpoint(maxSteps), "utf8")) as { decoder: string }).decoder,
  };
}

it("names it in its checkpoints, and goes on with it where none is asked for", async () => {
  const silent = (name: string) => ({ decoder: name, kept: name, lines: [] });
  expect(await runTo(1, { decoder: "jpeg-js" })).toEqual(silent("jpeg-js"));
  expect(await runTo(2, { resume: true })).toEqual(silent("jpeg-js"));
});

it("says so where another one is asked for, and whether its pixels differ", async () => {
  const { lines, kept } = await runTo(3, { resume: true, decoder: "sharp" });
  expect(lines).toEqual(["decoder was jpeg-js, is sharp: the run goes on with other bits"]);
  expect(kept).toBe("sharp");
  const alike = await runTo(4, { resume: true, decoder: "libjpeg-turbo" });
  expect(alike.lines).toEqual(["decoder was sharp, is libjpeg-turbo: its pixels are the same"]);
});

it("takes a checkpoint that names none for jpeg-js's, and refuses one that names a decoder nobody has", async () => {
  const path = checkpoint(4);
  const {
    decoder,
    fileSha256: _,
    ...former
  } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly [name: string]: unknown;
  };
  expect(decoder).toBe("libjpeg-turbo");
  writeFileSync(path, JSON.stringify({ ...former, decoder: "mozjpeg" }));
  await expect(runTo(5, { resume: path })).rejects.toThrow(/decoder: "mozjpeg", expected one of jpeg-js/);
  writeFileSync(path, JSON.stringify(former));
  expect(await runTo(5, { resume: true })).toEqual({ decoder: "jpeg-js", kept: "jpeg-js", lines: [] });
});
