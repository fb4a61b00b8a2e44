/** Every kind of data set: openDataset tells it, verifyDataset looks through it, a loader reads it. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { prepareShards } from "../../src/data/prepare.js";
import { DataLoader } from "../../src/data/reading/loader.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { verifyDataset } from "../../src/data/verify.js";
import { fixtureUrl } from "./fixtures.js";

const classes = ["cat", "dog"];
const root = mkdtempSync(join(tmpdir(), "kinds-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** By the class that opens it: writes a set of a picture per class and split to `to`. */
const writers: { readonly [kind: string]: (to: string) => unknown } = {
  CsvSet(to) {
    writers.ImageFolder!(`${to}-pictures`);
    const lines = ["train", "val"].flatMap((split) =>
      classes.map((name) => `${basename(to)}-pictures/${split}/${name}/0.jpg,${name},${split}`),
    );
    writeFileSync(to, ["path,label,split", ...lines].join("\n"));
  },
  ImageFolder(to) {
    for (const split of ["train", "val"])
      for (const name of classes) {
        const path = join(to, split, name, "0.jpg");
        mkdirSync(dirname(path), { recursive: true });
        copyFileSync(fixtureUrl("images/s420.jpg"), path);
      }
  },
  ShardSet(to) {
    writers.ImageFolder!(`${to}-source`);
    return prepareShards({ data: `${to}-source`, out: to, shardImages: 5, format: "jpeg", workers: 0 });
  },
};

test("each class of src/data/sets that opens has a row", async () => {
  const folder = join(import.meta.dirname, "../../src/data/sets");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ join(folder, file))));
  const opening = modules.flatMap((module: Record<string, unknown>) =>
    Object.entries(module).filter(([, value]) => typeof value === "function" && "open" in value),
  );
  const names = opening.map(([name]) => name).filter((name) => name !== "PictureFiles");
  expect(names.sort()).toEqual(Object.keys(writers).sort());
});

test.each(Object.keys(writers))("%s", async (kind) => {
  const data = join(root, kind === "CsvSet" ? `${kind}.csv` : kind);
  await writers[kind]!(data);
  for (const split of ["train", "val"]) {
    const dataset = openDataset(data, split);
    expect(dataset.constructor.name).toBe(kind);
    expect(dataset.classes).toEqual(classes);
    const loader = new DataLoader(dataset, {
      batchSize: 2,
      transform: evalTransform({ imageSize: 24, resizeSize: 24 }),
      workers: 0,
    });
    for await (const { labels } of loader.epoch(0)) expect([...labels].sort()).toEqual([0, 1]);
    await loader.close();
  }
  const { splits, problems } = await verifyDataset({ data, workers: 0 });
  expect(problems).toEqual([]);
  const split = { images: 2, perClass: { cat: 1, dog: 1 } };
  expect(splits).toEqual({ train: split, val: split });
});
