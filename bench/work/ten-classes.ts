/** A small data set as people have one: the first pictures, by name, of each demo class, in a folder of its own. */
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../paths.js";

const demo = join(repositoryRoot, "demo", "fashion-mnist");

/** Pictures of each class and split. */
const counts = { train: 60, val: 30 } as const;

/** Copies the pictures to `folder`, which becomes a data set in ImageNet's layout. */
export function writeTenClasses(folder: string): void {
  for (const [split, count] of Object.entries(counts))
    for (const name of readdirSync(join(demo, split))) {
      mkdirSync(join(folder, split, name), { recursive: true });
      for (const file of readdirSync(join(demo, split, name))
        .sort()
        .slice(0, count))
        cpSync(join(demo, split, name, file), join(folder, split, name, file));
    }
}
