/**
 * Configs from the command line: a run leaves its recipe and its command, and the same recipe gives the same bytes again.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot, tensorone } from "./spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
const machine = ["--threads", "1", "--workers", "0", "--no-report"];
let folder = "";

const train = (...args: string[]) => tensorone(["train", ...args, ...machine], folder);
const bytesOf = (run: string) =>
  [
    "model.safetensors",
    "model-deploy.safetensors",
    "checkpoints/epoch_002.safetensors",
    "checkpoints/epoch_002.json",
  ].map((name) => readFileSync(join(folder, run, name), "latin1"));
const configOf = (run: string) =>
  JSON.parse(readFileSync(join(folder, run, "recipe.json"), "utf8")) as Record<string, never>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-config-"));
  for (const split of ["train", "val"])
    for (const name of ["cat", "it's a dog"]) {
      const pictures = join(folder, "pets", split, name);
      mkdirSync(pictures, { recursive: true });
      for (const picture of ["rgb.jpg", "grey.jpg"]) copyFileSync(join(images, picture), join(pictures, picture));
    }
  const config = {
    extends: "mobileone_s0-demo",
    epochs: 2,
    batchSize: 2,
    optimizer: { kind: "adamw", lr: 0.002 },
    run: { data: "pets", seed: 5, keep: 1 },
  };
  writeFileSync(join(folder, "my.json"), JSON.stringify(config));
  const first = train("--config", "my.json", "--set", "optimizer.weightDecay=0.05", "--out", "it's mine");
  expect(first.code, first.stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("recipe.json is the recipe that ran, and starts the same run again: equal bytes", () => {
  const config = configOf("it's mine");
  expect(config).toMatchObject({
    extends: null,
    model: "mobileone_s0",
    epochs: 2,
    batchSize: 2,
    optimizer: { kind: "adamw", lr: 0.002, weightDecay: 0.05 },
    plan: "short",
    ema: { warmup: true },
    run: { data: join(folder, "pets"), seed: 5, replicas: 1, keep: 1, backend: "wasm" },
  });
  const again = train("--config", join("it's mine", "recipe.json"), "--out", "again");
  expect(again.code, again.stderr).toBe(0);
  expect(bytesOf("again")).toEqual(bytesOf("it's mine"));
  expect(configOf("again")).toEqual(config);
  const { code, stdout } = tensorone(["schedule", "--config", "again/recipe.json", "--json"], folder);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ images: 4, stepsPerEpoch: 2, plan: "short" });
});

test("command.txt is the line that started the run, and can be pasted", () => {
  const [line = "", ...rest] = readFileSync(join(folder, "it's mine", "command.txt"), "utf8")
    .trimEnd()
    .split("\n");
  expect(rest).toEqual([]);
  const words = execFileSync("sh", ["-c", `set -- ${line.split("&& ")[1]}; printf '%s\\n' "$@"`], { encoding: "utf8" });
  expect(words.trimEnd().split("\n").slice(-11)).toEqual(
    ["train", "--config", "my.json", "--set", "optimizer.weightDecay=0.05", "--out", "it's mine", ...machine].slice(
      -11,
    ),
  );
  expect(line.startsWith(`cd ${folder} && `)).toBe(true);
});

test("a run that goes on needs neither; what differs is named, and its line is added", () => {
  const run = "stopped";
  const words = ["--config", "my.json", "--set", "optimizer.weightDecay=0.05"];
  expect(train(...words, "--out", run, "--max-steps", "2").code).toBe(0);
  const recipe = readFileSync(join(folder, run, "recipe.json"), "utf8");
  const other = train("--resume", run, "--set", "optimizer.weightDecay=0.1");
  expect(other.code).toBe(1);
  expect(other.stderr).toContain("belongs to another run: recipe.optimizer.weightDecay was 0.05, is 0.1");
  const file = train("--resume", run, "--config", "my.json", "--set", "loss.labelSmoothing=0");
  expect(file.stderr).toContain("recipe.loss.labelSmoothing was 0.1, is 0");
  const same = train("--resume", run, ...words);
  expect(same.code, same.stderr).toBe(0);
  expect(bytesOf(run)).toEqual(bytesOf("it's mine"));
  expect(readFileSync(join(folder, run, "recipe.json"), "utf8")).toBe(recipe);
  const lines = readFileSync(join(folder, run, "command.txt"), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("--resume stopped");
});

test("what is wrong is said in one line before anything is made", () => {
  writeFileSync(join(folder, "bad.json"), '{\n "optimizer": {\n  "weigthDecay": 0.05\n }\n}\n');
  const { code, stderr } = train("--config", "bad.json", "--out", "none");
  expect(code).toBe(2);
  expect(stderr).toBe("error: bad.json:3: optimizer.weigthDecay is unknown, did you mean optimizer.weightDecay?\n");
  const conflict = train("--lr", "0.1", "--set", "optimizer.lr=0.2", "--out", "none");
  expect(conflict.stderr).toContain("--set optimizer.lr=0.2: --lr says optimizer.lr as well, expected one of them");
  const twice = train("--set", "epochs=x", "--out", "none");
  expect(twice.stderr).toBe('error: --set epochs=x: epochs: "x", expected a whole number of at least 1\n');
  expect(existsSync(join(folder, "none"))).toBe(false);
});

test("several processes read the same config, and write equal bytes", () => {
  const { code, stderr } = train(
    "--config",
    "my.json",
    "--set",
    "optimizer.weightDecay=0.05",
    "--replicas",
    "2",
    "--nproc",
    "2",
    "--out",
    "two",
  );
  expect(code, stderr).toBe(0);
  const alone = train("--config", "two/recipe.json", "--out", "one");
  expect(alone.code, alone.stderr).toBe(0);
  expect(bytesOf("one")).toEqual(bytesOf("two"));
});
