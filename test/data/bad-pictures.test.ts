/** Pictures that cannot be read, in training and in evaluation, for any number of workers. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { DataLoader } from "../../src/data/reading/loader.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { fixtureUrl } from "./fixtures.js";

const path = (name: string) => fileURLToPath(fixtureUrl(name));
const good = ["cat", "coffee", "eye", "person", "rocket"].map((name) => path(`photos/${name}/0.jpg`));
const bad = ["bad-text.jpg", "bad-lossless.jpg", "bad-empty.jpg"].map((name) => path(`images/${name}`));
/** 0 1 x x 2 3 4 x, with the index for a label. */
const samples = [good[0]!, good[1]!, bad[0]!, bad[1]!, good[2]!, good[3]!, good[4]!, bad[2]!].map((file, label) => ({
  path: file,
  label,
}));
const transform = evalTransform({ imageSize: 16 });

async function epochOf(badPictures: "replace" | "leaveOut" | "stop", workers: number, of = samples) {
  const told: string[] = [];
  const loader = new DataLoader(
    { samples: of },
    { batchSize: 3, transform, workers, badPictures, onBadPicture: ({ summary }) => told.push(summary) },
  );
  const labels: number[][] = [];
  const pixels: string[] = [];
  try {
    for (const epoch of [0, 1]) {
      for await (const batch of loader.epoch(epoch)) {
        expect(batch.images.length).toBe(batch.size * 16 * 16 * 3);
        expect([...batch.indices]).toEqual([...batch.labels]);
        labels.push([...batch.labels]);
        pixels.push(Buffer.from(batch.images).toString("base64"));
      }
    }
    return { labels, pixels, told, count: loader.badPictures };
  } finally {
    await loader.close();
  }
}

test("the next picture that can be read takes the place, the same one in every epoch", async () => {
  const alone = await epochOf("replace", 0);
  const epoch = [
    [0, 1, 4],
    [4, 4, 5],
    [6, 0],
  ];
  expect(alone.labels).toEqual([...epoch, ...epoch]);
  expect(alone.count).toBe(3);
  expect(alone.told).toEqual([
    expect.stringMatching(/bad-text\.jpg: neither a JPEG nor a PNG/),
    expect.stringMatching(/bad-lossless\.jpg: /),
    expect.stringMatching(/bad-empty\.jpg: an empty file/),
  ]);
  const two = await epochOf("replace", 2);
  expect([two.labels, two.pixels, two.count]).toEqual([alone.labels, alone.pixels, 3]);
});

test("evaluation leaves them out, and what is left has the pixels of a set without them", async () => {
  const { labels, pixels, count } = await epochOf("leaveOut", 1);
  expect(labels.slice(0, 3)).toEqual([[0, 1], [4, 5], [6]]);
  expect(count).toBe(3);
  const whole = await epochOf(
    "stop",
    0,
    samples.filter(({ path }) => good.includes(path)).map((one, label) => ({ ...one, label })),
  );
  const bytes = (parts: readonly string[]) => Buffer.concat(parts.map((part) => Buffer.from(part, "base64")));
  expect(bytes(pixels.slice(0, 3)).equals(bytes(whole.pixels.slice(0, 2)))).toBe(true);
});

test("by default the first ends the epoch, and where none can be read nothing helps", async () => {
  await expect(epochOf("stop", 0)).rejects.toThrow(/bad-text\.jpg: .*expected a JPEG or PNG/);
  const none = bad.map((file, label) => ({ path: file, label }));
  await expect(epochOf("replace", 0, none)).rejects.toThrow(/bad-text\.jpg: /);
  expect((await epochOf("leaveOut", 0, none)).labels[0]).toEqual([]);
});
