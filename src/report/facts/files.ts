/** The files of a run and what they are. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileFacts } from "./run-facts.js";

/** By path in the folder of the run; the first that fits says it. */
const kinds: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^model\.safetensors$/, "the delivered weights, training form"],
  [/^model-deploy\.safetensors$/, "the same, folded"],
  [/^best.*deploy.*\.safetensors$/, "the best validation's weights, folded"],
  [/^best.*\.safetensors$/, "the weights of the best validation, training form"],
  [/^log\.jsonl$/, "a line for each step and validation"],
  [/^run\.json$/, "where the pictures are, and how they are read"],
  [/^recipe\.json$/, "the recipe, as --config takes it"],
  [/^machine\.json$/, "where and when it ran"],
  [/^command\.txt$/, "the command line"],
  [/^checkpoints\/.*\.safetensors$/, "a checkpoint: both sets of weights, and the optimiser's state"],
  [/^checkpoints\/.*\.json$/, "what belongs to the checkpoint of that name"],
  [/^tensorboard\/events\./, "events for TensorBoard"],
  [/\.onnx$/, "an exported model"],
  [/^MODEL_CARD\.md$/, "the model card"],
];

/** Folders of a run that may hold files of it. */
const folders = ["", "checkpoints", "tensorboard"];

/** What lies in `folder`, but for `except`; hidden files are those of a writer that was killed. */
export async function listFiles(folder: string, except: string): Promise<FileFacts[]> {
  const found = await Promise.all(
    folders.map(async (part) => {
      const entries = await readdir(join(folder, part), { withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
      return Promise.all(
        files.map(async ({ name }) => {
          const path = part === "" ? name : `${part}/${name}`;
          const { size } = await stat(join(folder, path));
          return { path, bytes: size, what: kinds.find(([pattern]) => pattern.test(path))?.[1] ?? "" };
        }),
      );
    }),
  );
  const rank = ({ path }: FileFacts): number => {
    const place = kinds.findIndex(([pattern]) => pattern.test(path));
    return place < 0 ? kinds.length : place;
  };
  return found
    .flat()
    .filter(({ path }) => path !== except)
    .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}
