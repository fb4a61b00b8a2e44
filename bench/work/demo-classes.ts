/** Some of the demo set's classes as a data set of its own: all of their train pictures or the first few by name, all of val. */
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../paths.js";

const demo = join(repositoryRoot, "demo", "fashion-mnist");

/** Copies the classes with these numbers to `folder`, `trainPictures` of each in train/. */
export function writeDemoClasses(
  folder: string,
  classes: readonly number[],
  trainPictures = Number.POSITIVE_INFINITY,
): void {
  for (const split of ["train", "val"]) {
    const names = readdirSync(join(demo, split)).sort();
    for (const name of classes.map((one) => names[one]!)) {
      mkdirSync(join(folder, split, name), { recursive: true });
      const files = readdirSync(join(demo, split, name)).sort();
      for (const file of split === "train" ? files.slice(0, trainPictures) : files)
        cpSync(join(demo, split, name, file), join(folder, split, name, file));
    }
  }
}
