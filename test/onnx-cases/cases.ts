/**
 * The cases of ONNX's backend tests as Debian's libonnx-testdata installs them: a model, inputs, and the outputs of ONNX's own
 * reference code. Models of the folder `real` are named there but not brought along, and are no cases.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const FOLDER = "/usr/share/libonnx-testdata/data";
const CHAPTERS = ["node", "simple", "pytorch-converted", "pytorch-operator"];

export interface Case {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

export const isInstalled = existsSync(FOLDER);

/** Stored values of one direction, in the order of their numbers: input_10 comes after input_9. */
function stored(folder: string, direction: "input" | "output"): Uint8Array[] {
  const count = readdirSync(folder).filter((name) => name.startsWith(`${direction}_`)).length;
  return Array.from({ length: count }, (_, i) => readFileSync(join(folder, `${direction}_${i}.pb`)));
}

/** Folders in the order of their names, chapter by chapter. */
export const caseFolders = (): string[] =>
  CHAPTERS.flatMap((chapter) => {
    const folders = readdirSync(join(FOLDER, chapter)).sort();
    return folders.map((name) => join(FOLDER, chapter, name));
  });

export function readCase(folder: string): Case {
  const set = join(folder, "test_data_set_0");
  return {
    name: basename(folder),
    model: readFileSync(join(folder, "model.onnx")),
    inputs: stored(set, "input"),
    outputs: stored(set, "output"),
  };
}
