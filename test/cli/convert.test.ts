/** `convert` and `reparameterize` on files of PyTorch, as processes: what they say, write and refuse. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setBackend } from "../../src/index.js";
import { decodeWeights, recognizeKeys } from "../../src/models/files/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { randomizeStatistics } from "../models/random-statistics.js";
import { fingerprint, packageRoot, tensorone } from "./spawn.js";

const golden = join(packageRoot, "test", "golden");
let folder = "";

beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "tensorone-convert-"));
  const model = createModel("mobileone_s0", { numClasses: 3 });
  randomizeStatistics(model);
  const about = { classes: ["ape", "bee", "cat"], recipe: null };
  await saveModelFile(join(folder, "s0.safetensors"), model, about);
  model.dispose();
  copyFileSync(join(golden, "io", "attack-system.pth"), join(folder, "attack.pth"));
  copyFileSync(join(golden, "io", "tiny-mmengine.pth"), join(folder, "tiny.pth"));
  copyFileSync(join(golden, "data", "images", "rgb.jpg"), join(folder, "rgb.jpg"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (line: string) => tensorone(line.split(" "), folder);
const namesIn = (file: string) => recognizeKeys(decodeWeights(readFileSync(join(folder, file))).entries.keys());

test("there and back: every set of names, both containers, the same bytes in the end", () => {
  const first = run("convert s0.safetensors apple.pth --keys apple --json");
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({
    model: "mobileone_s0",
    form: "train",
    numClasses: 3,
    from: { container: "safetensors", keys: "mmpretrain", found: null },
    to: { container: "torch", keys: "apple" },
  });
  expect(namesIn("apple.pth")).toBe("apple");
  const second = run("convert apple.pth timm.safetensors --keys timm");
  expect(second.stdout).toMatch(
    /^mobileone_s0 {2}train form {2}3 classes {2}from PyTorch, apple names\nwrote timm\.safetensors {2}safetensors, timm names {2}/,
  );
  expect(namesIn("timm.safetensors")).toBe("timm");
  expect(run("convert timm.safetensors again.pth --keys apple").code).toBe(0);
  expect(readFileSync(join(folder, "again.pth")).equals(readFileSync(join(folder, "apple.pth")))).toBe(true);
});

test("a .pth with mmpretrain's names keeps class names; reparameterize and predict take it", () => {
  expect(run("convert s0.safetensors published.pth").code).toBe(0);
  expect(run("reparameterize published.pth deploy.pth --threads 1").code).toBe(0);
  const predicted = run("predict --checkpoint deploy.pth rgb.jpg --image-size 32 --threads 1 --json");
  const [{ classes }] = (JSON.parse(predicted.stdout) as { images: [{ classes: { name: string }[] }] }).images;
  expect(classes.map(({ name }) => name).sort()).toEqual(["ape", "bee", "cat"]);
  expect(run("reparameterize published.pth timm.pth --keys timm --threads 1").code).toBe(0);
  expect(namesIn("timm.pth")).toBe("timm");
});

test("a run goes on through mmengine's checkpoint as through its own: the same weights in the end", () => {
  for (const split of ["train", "val"])
    for (const [i, name] of ["cat", "dog"].entries()) {
      mkdirSync(join(folder, "pets", split, name), { recursive: true });
      for (const picture of ["rgb.jpg", "s420.jpg"])
        copyFileSync(join(golden, "data", "images", picture), join(folder, "pets", split, name, `${i}-${picture}`));
    }
  const quick = "--data pets --epochs 2 --batch-size 2 --image-size 32 --threads 1 --workers 0 --no-validate --json";
  expect(run(`train ${quick} --out first --max-steps 2`).code).toBe(0);
  const saved = "first/checkpoints/epoch_001.safetensors";
  expect(run(`convert ${saved} epoch_1.pth --full --json`)).toMatchObject({ code: 0 });
  const through = run(`train ${quick} --out through --resume epoch_1.pth`);
  expect(through.stderr).toContain("resumed epoch_1.pth at step 2");
  expect(run(`train ${quick} --out own --resume ${saved}`).code).toBe(0);
  const [a, b] = ["through", "own"].map((name) =>
    readFileSync(join(folder, name, "checkpoints", "epoch_002.safetensors")),
  );
  expect(a!.equals(b!)).toBe(true);
  // weights alone of a PyTorch file start a new run
  expect(run(`train ${quick} --out fresh --init epoch_1.pth --max-steps 1`).stderr).toContain(
    "weights from epoch_1.pth",
  );
});

test.each([
  ["attack.pth", "convert attack.pth out.pth", 1, /attack\.pth: the file asks Python to use posix\.system/],
  ["another network", "convert tiny.pth out.pth", 1, /tiny\.pth: its \d+ entries are no MobileOne/],
  ["a picture", "convert rgb.jpg out.pth", 1, /rgb\.jpg/],
  [
    "unknown names",
    "convert s0.safetensors out.pth --keys torch",
    2,
    /--keys: torch, expected one of mmpretrain, apple, timm/,
  ],
  ["an existing file", "convert s0.safetensors published.pth", 2, /published\.pth exists already/],
  [
    "full with other names",
    "convert s0.safetensors out.pth --full --keys timm",
    2,
    /--full to out\.pth with timm names/,
  ],
  ["full without a checkpoint", "convert s0.safetensors out.pth --full", 1, /s0\.json: there is no such file/],
])("refuses %s and touches nothing: %s", (_, line, code, problem) => {
  const before = fingerprint(folder);
  const finished = run(line);
  expect(finished.stderr).toMatch(/^error: [^\n]+\n( {2}hint: [^\n]+\n)?$/);
  expect(finished.stderr).toMatch(problem);
  expect(finished.code).toBe(code);
  expect(existsSync(join(folder, "tensorone-was-attacked"))).toBe(false);
  expect(fingerprint(folder)).toEqual(before);
});
