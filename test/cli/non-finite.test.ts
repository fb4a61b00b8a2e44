/**
 * NaN and infinities planted in files and runs, against every command that could answer or write: exit code 1, one clear
 * line, no figure, and no checkpoint, model or export written or replaced.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { setBackend } from "../../src/index.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  encodeWeights,
  type StoredTensor,
} from "../../src/models/files/index.js";
import { createModel, reparameterize } from "../../src/models/index.js";
import { type CheckpointFile, checkpointText } from "../../src/train/checkpoints/checkpoint-format.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { fingerprint, packageRoot, tensorone } from "./spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
let folder = "";
const at = (...parts: string[]) => join(folder, ...parts);

/** What is written where: into the entries whose names end so, at their middle or everywhere. */
interface Plant {
  readonly entry: string;
  readonly value: number;
  readonly everywhere?: boolean;
  /** Stored as doubles, of which a float32 holds fewer. */
  readonly asDoubles?: boolean;
}

/** The entries of a file with something planted in them. */
function planted(source: string, { entry, value, everywhere = false, asDoubles = false }: Plant) {
  const { entries, metadata } = decodeSafetensors(readFileSync(at(source)));
  const changed = new Map<string, StoredTensor>(entries);
  let count = 0;
  for (const [name, one] of entries) {
    if (!name.endsWith(entry)) continue;
    const values = asDoubles ? Float64Array.from(one.values) : one.values;
    if (everywhere) values.fill(value);
    else values[values.length >> 1] = value;
    changed.set(name, { shape: one.shape, values });
    count++;
  }
  if (count === 0) throw new Error(`nothing in ${source} is called ${entry}`);
  return { entries: changed, metadata };
}

/** The same as a file; that of a checkpoint keeps a JSON whose hash fits. */
function plant(source: string, target: string, what: Plant): void {
  const { entries, metadata } = planted(source, what);
  const bytes = encodeSafetensors(entries, metadata);
  writeFileSync(at(target), bytes);
  const json = at(source.replace(/safetensors$/, "json"));
  if (!existsSync(json)) return;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = { ...(JSON.parse(readFileSync(json, "utf8")) as CheckpointFile), sha256 };
  writeFileSync(at(target.replace(/safetensors$/, "json")), checkpointText(file));
}

const quick = "--data pets --batch-size 2 --image-size 32 --threads 1 --workers 0";
const run = (line: string) => tensorone(line.trim().split(" "), folder);

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "tensorone-finite-"));
  for (const split of ["train", "val"])
    for (const [name, files] of [
      ["cat", ["rgb.jpg", "s420.jpg"]],
      ["dog", ["grey.jpg", "s444.jpg"]],
    ] as const) {
      mkdirSync(at("pets", split, name), { recursive: true });
      for (const file of files) copyFileSync(join(images, file), at("pets", split, name, file));
    }
  const about = { recipe: null, classes: ["cat", "dog"] };
  const model = createModel("mobileone_s0", { numClasses: 2 }).eval();
  await saveModelFile(at("sound.safetensors"), model, about);
  const { model: deployed } = await reparameterize(model, { probe: { batchSize: 1, imageSize: 32 } });
  await saveModelFile(at("deploy.safetensors"), deployed, about);
  for (const name of ["kept.safetensors", "kept.onnx", "kept.pth"]) writeFileSync(at(name), "what was there before");
  plant("sound.safetensors", "weight.safetensors", { entry: "stage2.2.branch_scale.conv.weight", value: nan });
  plant("sound.safetensors", "mean.safetensors", { entry: "stage1.1.branch_norm.running_mean", value: -inf });
  plant("sound.safetensors", "variance.safetensors", { entry: "stage3.0.branch_scale.norm.running_var", value: nan });
  plant("sound.safetensors", "negative.safetensors", { entry: "stage3.0.branch_scale.norm.running_var", value: -1 });
  // finite, but each block multiplies by 1 / √eps
  plant("sound.safetensors", "grows.safetensors", { entry: "running_var", value: 0, everywhere: true });
  plant("sound.safetensors", "double.safetensors", { entry: "head.fc.bias", value: 1e300, asDoubles: true });
  plant("deploy.safetensors", "folded.safetensors", { entry: "head.fc.weight", value: inf });
  plant("deploy.safetensors", "large.safetensors", { entry: "head.fc.weight", value: 3e38, everywhere: true });
  const { entries, metadata } = planted("sound.safetensors", { entry: "head.fc.weight", value: nan });
  writeFileSync(at("apple.pth"), encodeWeights(entries, metadata, { container: "torch", keys: "apple" }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One error line and perhaps its hint on stderr, nothing that could be taken for an answer on stdout. */
function expectRefusal(finished: ReturnType<typeof run>, line: RegExp): void {
  const { code, stdout, stderr } = finished;
  expect(stderr.match(/^error: /gm), stderr).toHaveLength(1);
  expect(stderr).toMatch(line);
  expect(stderr).not.toContain("    at ");
  expect(stdout).not.toMatch(/top-1|folding:|same answer|wrote |\t[\d.]+\t|"(top1|images|certificate|output)"/);
  expect(code).toBe(1);
}

const weight = /backbone\.stage2\.2\.branch_scale\.conv\.weight\[\d+, \d+, \d+, \d+\] is NaN/;
const mean = /backbone\.stage1\.1\.branch_norm\.running_mean\[\d+\] is -Infinity/;
const variance = /backbone\.stage3\.0\.branch_scale\.norm\.running_var\[\d+\] is NaN/;
const double = /head\.fc\.bias\[1\] is 1e\+300, beyond float32/;
const negative = /stage3\.0.*-1.*variance/;
const logit = /\.jpg: logit \d is (NaN|-?Infinity), expected finite logits/;

test.each<[place: string, command: string, line: RegExp]>([
  ["a weight", "eval --checkpoint weight.safetensors --data pets --image-size 32", weight],
  ["a weight", "eval --checkpoint weight.safetensors --data pets --image-size 32 --json", weight],
  ["a weight", "predict --checkpoint weight.safetensors pets/val/cat/rgb.jpg --json", weight],
  ["a weight", "reparameterize weight.safetensors new.safetensors", weight],
  ["a weight", "convert weight.safetensors kept.pth --force", weight],
  ["a weight", "export weight.safetensors kept.onnx --force --image-size 32", weight],
  ["a weight", `train ${quick} --out new --init weight.safetensors`, weight],
  ["a mean", "reparameterize mean.safetensors kept.safetensors --force", mean],
  ["a mean", "export mean.safetensors new.onnx --form train --image-size 32", mean],
  ["a variance", "predict --checkpoint variance.safetensors pets/val/cat/rgb.jpg", variance],
  ["a variance", "convert variance.safetensors new.safetensors --keys timm", variance],
  ["a negative variance", "eval --checkpoint negative.safetensors --data pets --image-size 32", negative],
  ["a negative variance", "reparameterize negative.safetensors kept.safetensors --force", negative],
  ["a negative variance", "export negative.safetensors new.onnx --form train --image-size 32", negative],
  ["growing activations", "eval --checkpoint grows.safetensors --data pets --image-size 32 --json", logit],
  ["growing activations", "predict --checkpoint grows.safetensors pets/val/cat/rgb.jpg --image-size 32", logit],
  [
    "growing activations",
    "reparameterize grows.safetensors kept.safetensors --force",
    /stage\d\.\d+\[.*\] is .*Infinity/,
  ],
  [
    "growing activations",
    "export grows.safetensors kept.onnx --force --image-size 32",
    /stage\d\.\d+\[.*\] is .*Infinity/,
  ],
  [
    "growing activations",
    "export grows.safetensors new.onnx --form train --image-size 32",
    /logits of random pictures/,
  ],
  ["a double", "convert double.safetensors new.safetensors", double],
  [
    "the folded form",
    "eval --checkpoint folded.safetensors --data pets --image-size 32",
    /fc\.weight\[.*\] is Infinity/,
  ],
  ["the folded form", "export folded.safetensors kept.onnx --force --image-size 32", /fc\.weight\[.*\] is Infinity/],
  ["large weights", "predict --checkpoint large.safetensors pets/val/cat/rgb.jpg --image-size 32", logit],
  ["large weights", "export large.safetensors kept.onnx --force --image-size 32", /logits of random pictures/],
  ["a .pth", "convert apple.pth new.safetensors", /linear\.weight\[.*\] is NaN/],
  ["a .pth", "reparameterize apple.pth kept.pth --force --keys apple", /linear\.weight\[.*\] is NaN/],
])("%s: tensorone %s", (_, command, line) => {
  const before = fingerprint(folder);
  expectRefusal(run(command), line);
  expect(fingerprint(folder)).toEqual(before);
});

it("the same files answer where nothing is planted", () => {
  expect(run("predict --checkpoint sound.safetensors pets/val/cat/rgb.jpg --image-size 32").stdout).toMatch(
    /\t0\.\d+\t/,
  );
  expect(run("export deploy.safetensors sound.onnx --image-size 32").stdout).toContain("wrote sound.onnx");
});

/** What a run leaves that never had a checkpoint to write: what it was asked for, where, and its log. */
const begun = ["command.txt", "log.jsonl", "machine.json", "recipe.json", "run.json"];

describe("a run", () => {
  const filesOf = (out: string) =>
    existsSync(at(out)) ? readdirSync(at(out), { recursive: true }).map(String).sort() : [];

  it.each([
    [
      "validates first",
      "--max-steps 1",
      /error: train: .* after step 1.*\n {2}hint: .*--lr; no checkpoint was written\n/,
    ],
    ["folds first", "--epochs 1 --no-validate", /error: train: .*\n {2}hint: .*; no checkpoint was written\n/],
    ["with replicas", "--replicas 2 --max-steps 2", /error: train: .*\n {2}hint: .*; no checkpoint was written\n/],
  ])("whose weights give no answer leaves its log alone: %s", (what, more, line) => {
    const out = what.replaceAll(" ", "-");
    expectRefusal(run(`train ${quick} --lr 1e12 ${more} --out ${out}`), line);
    expect(filesOf(out)).toEqual(begun);
    expect(readFileSync(at(out, "log.jsonl"), "utf8")).not.toMatch(/null|NaN/);
  });

  it("ends on all ranks", () => {
    const { code, stdout, stderr } = run(`train ${quick} --lr 1e12 --replicas 2 --nproc 2 --max-steps 2 --out ranks`);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/error: train: .* (step 1|step 2)/);
    expect(stdout).not.toContain("top-1");
    expect(filesOf("ranks")).toEqual(begun);
  });

  it("passes over checkpoints that are not finite, says so, and goes on from the newest that is", {
    timeout: 120_000,
  }, () => {
    const steps = (count: number, more = "") =>
      run(`train ${quick} --epochs 9 --no-validate --max-steps ${count} --out run ${more}`);
    const checkpoint = (name: string) => `run/checkpoints/${name}.safetensors`;
    // an epoch has two steps
    expect(steps(5)).toMatchObject({ code: 0 });
    const planted = [
      ["step_000005", { entry: "optimizer.momentumBuffer.backbone.stage0.branch_scale.conv.weight", value: inf }],
      ["epoch_002", { entry: "raw.head.fc.bias", value: nan }],
    ] as const;
    const said = [
      /momentumBuffer of backbone\.stage0\S+\[.*\] is Infinity/,
      /epoch_002\.safetensors: head\.fc\.bias\[1\] is NaN/,
    ];
    for (const [name, what] of planted) plant(checkpoint(name), checkpoint(name), what);
    const before = fingerprint(at("run"));
    // named, it is refused
    const named = `train ${quick} --epochs 9 --no-validate --resume ${checkpoint("step_000005")}`;
    expectRefusal(run(named), said[0]!);
    expectRefusal(run(`convert ${checkpoint("epoch_002")} new.pth`), /raw\.head\.fc\.bias\[1\] is NaN/);
    expect(fingerprint(at("run"))).toEqual(before);
    const resumed = steps(4, "--resume");
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    for (const line of said) expect(resumed.stdout).toMatch(new RegExp(`${line.source}.*; trying the one before`));
    expect(resumed.stdout).toContain("resumed run/checkpoints/epoch_001.safetensors at step 2");
  });

  it("with none that is finite is refused, and nothing is replaced", () => {
    for (const name of readdirSync(at("run/checkpoints")).filter((one) => one.endsWith(".safetensors")))
      plant(`run/checkpoints/${name}`, `run/checkpoints/${name}`, { entry: "head.fc.bias", value: nan });
    const before = fingerprint(at("run"));
    expectRefusal(
      run(`train ${quick} --epochs 9 --no-validate --out run --resume`),
      /no whole checkpoint in run.checkpoints, expected one of finite numbers/,
    );
    expect(fingerprint(at("run"))).toEqual(before);
  });
});
