/** Checkpoints when things go wrong: a full disk, a writer that is killed. What stands under a final name is always whole. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { decodeSafetensors } from "../../src/models/files/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import { CheckpointFolder } from "../../src/train/checkpoints/checkpoint.js";
import {
  type CheckpointHeader,
  readCheckpoint,
  restoreCheckpoint,
} from "../../src/train/checkpoints/checkpoint-format.js";
import { Session } from "../../src/train/steps/session.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-checkpoints-"));
const disk = join(root, "disk");
const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};
const header: CheckpointHeader = {
  ...{ recipe: mobileoneS0Demo, seed: 0, replicas: 1, numClasses: 3, classes: ["a", "b", "c"], trainImages: 9 },
  decoder: "jpeg-js",
};
const sessionOf = (): Session => new Session(mobileoneS0Demo, new MobileOne(small, { numClasses: 3 }), 1000);

mkdirSync(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]).status === 0;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});
afterAll(() => {
  if (mounted) spawnSync("umount", [disk]);
  rmSync(root, { recursive: true });
});

it.skipIf(!mounted)(
  "a full disk: an error that says so, and the checkpoint before is what a run goes on from (skipped where no disk can be mounted)",
  async () => {
    const folder = new CheckpointFolder(join(disk, "checkpoints"));
    const session = sessionOf();
    session.step = 1;
    const { bytes } = await folder.save(session, header, false);
    const room = Number(
      spawnSync("stat", ["-f", "-c", "%a %S", disk], { encoding: "utf8" })
        .stdout.split(" ")
        .reduce((a, b) => String(Number(a) * Number(b))),
    );
    writeFileSync(join(disk, "filler"), new Uint8Array(room - bytes / 2));
    session.step = 2;
    await expect(folder.save(session, header, false)).rejects.toThrow(
      /checkpoint: no room for the .* of step 2 in .*\n {2}hint: the checkpoints before it are whole/,
    );
    expect(readdirSync(join(disk, "checkpoints")).sort()).toEqual(["step_000001.json", "step_000001.safetensors"]);
    const fresh = sessionOf();
    const found = await folder.find(null, header, (text) => expect.fail(text));
    restoreCheckpoint(found, fresh);
    expect(fresh.step).toBe(1);
  },
);

/** Saves again and again until it is killed. */
const writer = `
  const [root, folder, from, header, small] = JSON.parse(process.env.WORK);
  const { setBackend } = await import(root + "index.js");
  const { MobileOne } = await import(root + "models/mobileone/mobileone.js");
  const { CheckpointFolder } = await import(root + "train/checkpoints/checkpoint.js");
  const { Session } = await import(root + "train/steps/session.js");
  await setBackend("wasm", { threads: 1 });
  const session = new Session(header.recipe, new MobileOne(small, { numClasses: 3 }), 1e6);
  const checkpoints = new CheckpointFolder(folder);
  for (session.step = from; ; session.step++) {
    await checkpoints.save(session, header, false);
    process.stdout.write("saved");
  }
`;

const tries = Number(process.env.TENSORONE_KILLED_WRITERS ?? 10);

it(`a killed writer, ${tries} tries: never half a file under a final name, and always one to go on from`, async () => {
  const folder = join(root, "killed");
  const built = `${pathToFileURL(join(import.meta.dirname, "../../dist")).href}/`;
  let leftovers = 0;
  let reached = 1;
  // whether a kill strikes while a file is being written depends on the machine: on until one has
  for (let t = 0; t < tries || (leftovers === 0 && t < 8 * tries); t++) {
    const work = JSON.stringify([built, folder, 1 + 10_000 * t, header, small]);
    const child = spawn(process.execPath, ["--input-type=module", "-e", writer], {
      env: { ...process.env, WORK: work },
    });
    let complaint = "";
    child.stderr.on("data", (text) => (complaint += text));
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), 30 + ((t * 37) % 50)));
    expect(await ended, complaint).toBe("SIGKILL");
    const names = readdirSync(folder);
    leftovers += names.filter((name) => name.endsWith(".tmp")).length;
    for (const name of names.filter((n) => !n.startsWith("."))) {
      if (name.endsWith(".json")) await readCheckpoint(join(folder, name));
      else decodeSafetensors(readFileSync(join(folder, name)), name);
    }
    const { file } = await new CheckpointFolder(folder).find(null, header, (text) => expect.fail(text));
    expect(file.progress.step).toBeGreaterThanOrEqual(reached);
    reached = file.progress.step;
  }
  expect(leftovers).toBeGreaterThan(0);
  expect(reached).toBeGreaterThan(10_000);
});
