/**
 * Files as an earlier commit writes them, and what that commit makes of them: a run on the demo set, its weights under other
 * people's names, figures of its model, and the losses of the steps that follow. `git worktree add OLD COMMIT`, npm ci and
 * npm run build there, then: node make-version.mjs OLD
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const STEPS = 70;
const FURTHER_STEPS = 3;
const options = ["--model", "mobileone_tiny", "--epochs", "2", "--batch-size", "32", "--lr", "0.3", "--threads", "1"];

const here = import.meta.dirname;
const checkout = resolve(process.argv[2]);
const commit = execFileSync("git", ["-C", checkout, "rev-parse", "--short=7", "HEAD"], { encoding: "utf8" }).trim();
const folder = join(here, commit);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);

const tensorone = (...words) =>
  JSON.parse(
    execFileSync(process.execPath, [join(here, "with-tiny.mjs"), checkout, ...words, "--json"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );

const train = (out, steps, ...more) =>
  tensorone("train", ...options, "--out", out, "--max-steps", String(steps), "--decoder", "jpeg-js", ...more);
const figures = ({ top1, top5, loss, images }) => ({ top1, top5, loss, images });
const evaluated = (file) => figures(tensorone("eval", "--checkpoint", file, "--decoder", "jpeg-js"));

const { certificate } = train("run", STEPS);
const files = { "apple.pth": "apple", "timm.pth": "timm" };
for (const [out, keys] of Object.entries(files)) tensorone("convert", "run/model.safetensors", out, "--keys", keys);
tensorone("convert", "run/checkpoints/epoch_001.safetensors", "epoch_1.pth", "--full");
for (const end of ["json", "safetensors"]) rmSync(join(folder, "run", "checkpoints", `epoch_001.${end}`));

const picture = join(checkout, "demo/fashion-mnist/val/01_trouser/000.jpg");
const [{ classes }] = tensorone("predict", "--checkpoint", "run/model-deploy.safetensors", picture).images;

const scratch = mkdtempSync(join(tmpdir(), "tensorone-version-"));
const further = join(scratch, "run");
cpSync(join(folder, "run"), further, { recursive: true });
train(further, STEPS + FURTHER_STEPS, "--resume");
const lines = readFileSync(join(further, "log.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
rmSync(scratch, { recursive: true });

const expected = {
  commit,
  steps: STEPS,
  eval: {
    model: evaluated("run/model.safetensors"),
    checkpoint: evaluated(`run/checkpoints/step_0000${STEPS}.safetensors`),
  },
  deployParameters: certificate.deploy.parameters,
  trouser: classes.map(({ index, name, score }) => ({ index, name, score })),
  further: lines.filter(({ kind, step }) => kind === "train" && step > STEPS).map(({ step, loss }) => ({ step, loss })),
};
writeFileSync(join(folder, "expected.json"), `${JSON.stringify(expected, null, 1)}\n`);
