/**
 * A model card of a run: what the model is, what it was trained on and how, what it answers, and the files with their hashes, as
 * Markdown with the metadata that Hugging Face's hub reads. What nobody but the author can know is left as marked blanks. Node only.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { DataError } from "../util/errors.js";
import { hashFile } from "../util/file-hash.js";
import { formatBytes, formatCount, formatInteger } from "../util/format.js";
import { parseJson } from "../util/parse-json.js";
import { printable } from "../util/printable.js";
import { readWithin } from "../util/read-within.js";
import { gatherRun } from "./facts/gather.js";
import type { FileFacts, RunFacts } from "./facts/run-facts.js";
import { MOST_IMAGES, type ReportOptions } from "./report.js";

/** Name of the card in a run folder. */
export const CARD_NAME = "MODEL_CARD.md";

/** What stands where the author has to write. */
const BLANK = "*to be filled in by the author*";

/** Rows of the table of classes; a report has all. */
const MOST_CLASSES = 50;

/** Text as a part of a Markdown line: nothing of it is markup, a table's border or a line's end. */
export const plain = (text: string): string =>
  printable(text)
    .replace(/[\\`*_{}[\]()#+!|~$]/g, "\\$&")
    .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Text as a scalar of YAML: JSON's strings are YAML's. */
const scalar = (text: string): string => JSON.stringify(printable(text));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `|${head.map(() => "---|").join("")}`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

/** The weights that the run began with, as recipe.json names them. */
async function initOf(folder: string): Promise<string | null> {
  try {
    const path = join(folder, "recipe.json");
    const notJson = (why: string) => new DataError(`${path}: ${why}`);
    const found = parseJson(readWithin(path, "jsonBytes", { fault: DataError }), path, DataError, notJson);
    const { run } = found as { run?: { init?: unknown } };
    return typeof run?.init === "string" ? run.init : null;
  } catch {
    return null;
  }
}

const share = (value: number): string => value.toFixed(3);

function head({ checkpoint, answers, name }: RunFacts): string[] {
  const top1 = "value" in answers ? answers.value.top1 : null;
  return [
    "---",
    "license: other # the weights' licence; to be filled in",
    "library_name: tensorone",
    "pipeline_tag: image-classification",
    "tags:",
    "- image-classification",
    ...(checkpoint ? [`- ${scalar(checkpoint.recipe.model)}`] : []),
    ...(top1 === null
      ? []
      : [
          "model-index:",
          `- name: ${scalar(name)}`,
          "  results:",
          "  - task:",
          "      type: image-classification",
          "    dataset:",
          "      name: validation pictures of the run",
          "      type: image-folder",
          "    metrics:",
          "    - type: accuracy",
          `      value: ${(top1 / 100).toFixed(4)}`,
        ]),
    "---",
  ];
}

function training({ checkpoint, command }: RunFacts, init: string | null): string[] {
  if (!checkpoint) return ["No checkpoint tells how it was trained."];
  const { recipe, seed, replicas, progress } = checkpoint;
  const { optimizer, loss } = recipe;
  const rows = [
    ["recipe", `${plain(recipe.name)} (${plain(recipe.source)})`],
    ["weights before", init === null ? "random" : plain(init)],
    ["steps", `${formatInteger(progress.step)} of ${replicas * recipe.batchSize * (recipe.accumulate ?? 1)} pictures`],
    ["optimiser", `${optimizer.kind}, peak learning rate ${optimizer.lr}, weight decay ${optimizer.weightDecay}`],
    ["loss", `${loss.kind ?? "cross-entropy"}, label smoothing ${loss.labelSmoothing}`],
    ["seed", String(seed)],
    ...("value" in command ? [["command", plain(command.value.replaceAll("\n", "; "))]] : []),
  ];
  return [...table(["", ""], rows), "", "`recipe.json` beside the weights holds every number."];
}

function data({ data: found }: RunFacts): string[] {
  if ("missing" in found) return [plain(found.missing)];
  const { classes, splits } = found.value;
  const names = classes.slice(0, MOST_CLASSES).map(plain).join(", ");
  return [
    ...table(
      ["split", "pictures", "of each class"],
      splits.map(({ split, images, counts }) => [
        plain(split),
        formatInteger(images),
        counts.length === 0 ? "" : `${Math.min(...counts)} to ${Math.max(...counts)}`,
      ]),
    ),
    "",
    `${classes.length} classes: ${names}${classes.length > MOST_CLASSES ? ", …" : ""}.`,
    "",
    `Where the pictures come from, and who may use them: ${BLANK}`,
  ];
}

function figures({ answers: found }: RunFacts): string[] {
  if ("missing" in found) return [plain(found.missing)];
  const { file, split, measured, top1, top5, loss, classes, macro, balancedAccuracy } = found.value;
  const row = ({ precision, recall, f1 }: typeof macro) => [share(precision), share(recall), share(f1)];
  return [
    `\`${plain(file)}\` on ${formatInteger(measured)} pictures of ${plain(split)}: top-1 **${top1.toFixed(2)} %**${
      classes.length > 5 ? `, top-5 ${top5.toFixed(2)} %` : ""
    }, balanced accuracy ${share(balancedAccuracy)}, cross-entropy ${loss.toFixed(4)}.`,
    "",
    ...table(
      ["class", "precision", "recall", "F1", "pictures"],
      [
        ...classes.slice(0, MOST_CLASSES).map((one) => [plain(one.label), ...row(one), String(one.support)]),
        ["mean of all classes", ...row(macro), ""],
      ],
    ),
    ...(classes.length > MOST_CLASSES ? ["", `The first ${MOST_CLASSES} of ${classes.length} classes.`] : []),
  ];
}

/** Files that somebody else would take. */
const isDelivered = ({ path }: FileFacts): boolean => /^[^/]+\.(safetensors|onnx)$/.test(path);

/**
 * The card's text. Equal facts give equal text. `init` is what the run's weights began as; `hashes` are SHA-256 by path.
 */
export function renderCard(facts: RunFacts, init: string | null, hashes: ReadonlyMap<string, string>): string {
  const { checkpoint, costs, imageSize, name } = facts;
  const model = checkpoint?.recipe.model ?? "a model";
  const size = imageSize === null ? "" : ` Pictures are seen at ${imageSize} × ${imageSize} px.`;
  const cost =
    "value" in costs
      ? ` ${formatCount(costs.value.deploy.parameters)} parameters and ${formatCount(costs.value.deploy.convMacs)} multiply-adds in deploy form.`
      : "";
  const files = facts.files.filter(isDelivered);
  return `${[
    ...head(facts),
    "",
    `# ${plain(name)}`,
    "",
    `${plain(model)}, an image classifier.${size}${cost}`,
    "",
    "## Use",
    "",
    `What it is for, and what it must not be used for: ${BLANK}`,
    "",
    "```sh",
    "npx tensorone predict --checkpoint model-deploy.safetensors picture.jpg",
    "```",
    "",
    "```ts",
    'import { classify, loadModelFile, setBackend } from "tensorone/node";',
    'await setBackend("wasm");',
    'const model = await loadModelFile("model-deploy.safetensors");',
    'console.log(await classify(model, "picture.jpg"));',
    "```",
    "",
    "## Training",
    "",
    ...training(facts, init),
    "",
    "## Pictures",
    "",
    ...data(facts),
    "",
    "## Answers",
    "",
    ...figures(facts),
    "",
    `Groups of pictures or people for which it does worse: ${BLANK}`,
    "",
    "## Files",
    "",
    ...table(
      ["file", "", "size", "SHA-256"],
      files.map(({ path, what, bytes }) => [
        `\`${plain(path)}\``,
        what,
        formatBytes(bytes),
        `\`${hashes.get(path) ?? ""}\``,
      ]),
    ),
    "",
    "## Licence",
    "",
    `Of these weights: ${BLANK}${init === null ? "" : " They began as others, whose licence may bind them."}`,
    "",
    `Author, and where to write to: ${BLANK}`,
  ].join("\n")}\n`;
}

/**
 * Writes the model card of a run, by default as MODEL_CARD.md in its folder: model, training, pictures, answers by class, files with
 * hashes, and blanks for what only the author knows. `run` is the folder of a run in any state. Throws CheckpointError for
 * a folder that is none of a run, DataError for a decoder that is not installed.
 *
 * @example
 * <!-- test: not run: needs the folder of a run -->
 * ```ts
 * const { path } = await writeModelCard("runs/pets");
 * ```
 */
export async function writeModelCard(run: string, options: ReportOptions = {}): Promise<{ readonly path: string }> {
  const { data: source, demo, certificate, mostImages = MOST_IMAGES, workers = 0, decoder, onProgress } = options;
  const { out = join(run, CARD_NAME) } = options;
  const answers = { mostImages, workers, decoder, onProgress };
  const facts = await gatherRun(run, { data: source, demo, certificate, answers, ownPath: CARD_NAME });
  const hashes = new Map<string, string>();
  for (const { path } of facts.files.filter(isDelivered))
    hashes.set(path, (await hashFile(join(facts.folder, path))).digest("hex"));
  await writeFileAtomic(out, renderCard(facts, await initOf(facts.folder), hashes));
  return { path: out };
}
