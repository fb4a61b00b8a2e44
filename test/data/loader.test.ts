import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decoderNames } from "../../src/data/codecs/decoder.js";
import { type Batch, DataLoader, type DataLoaderOptions } from "../../src/data/reading/loader.js";
import { PictureFiles } from "../../src/data/sets/picture-source.js";
import type { Sample } from "../../src/data/sets/sample.js";
import { evalTransform, trainTransform } from "../../src/data/transforms/index.js";
import { fixtureUrl } from "./fixtures.js";

const pictures = ["s444", "s422", "s420", "s440", "grey", "progressive", "rgb", "cmyk", "restart", "exif6", "odd33x31"];
const samples: Sample[] = Array.from({ length: 43 }, (_, i) => ({
  path: fixtureUrl(`images/${pictures[i % pictures.length]}.jpg`).pathname,
  label: i % 10,
}));
const train: DataLoaderOptions = { batchSize: 8, transform: trainTransform({ imageSize: 24 }), seed: 3, shuffle: true };

type Seen = Pick<Batch, "images" | "labels" | "indices" | "size" | "next">;
async function collect(loader: DataLoader, epoch: number, startBatch = 0): Promise<Seen[]> {
  const seen: Seen[] = [];
  const start = performance.now();
  let waitMs = 0;
  for await (const { images, labels, indices, size, height, width, dataWaitMs, next } of loader.epoch(epoch, {
    startBatch,
  })) {
    expect([height, width]).toEqual([24, 24]);
    waitMs += dataWaitMs;
    seen.push({ images: Uint8Array.from(images), labels, indices, size, next });
  }
  // waits are parts of the loop's time, and a batch is never there at once
  expect(waitMs).toBeLessThanOrEqual(performance.now() - start);
  if (seen.length > 0) expect(waitMs).toBeGreaterThan(0);
  return seen;
}
async function collectWith(options: DataLoaderOptions, epoch: number, startBatch = 0): Promise<Seen[]> {
  const loader = new DataLoader({ samples }, options);
  const seen = await collect(loader, epoch, startBatch);
  await loader.close();
  return seen;
}
const threads: Worker[] = [];
process.on("worker", (worker) => threads.push(worker));
/** Threads started here that have not ended; one that has ended gives up its id. */
const liveThreads = (): number => threads.filter(({ threadId }) => threadId !== -1).length;

describe("batches", () => {
  test("have the samples of the epoch's order, the last one short", async () => {
    const seen = await collectWith({ ...train, workers: 0 }, 0);
    expect(seen.map((b) => b.size)).toEqual([8, 8, 8, 8, 8, 3]);
    expect(seen.flatMap((b) => [...b.indices]).sort((a, b) => a - b)).toEqual(samples.map((_, i) => i));
    for (const b of seen) {
      expect([...b.labels]).toEqual([...b.indices].map((i) => samples[i]!.label));
      expect(b.images.length).toBe(b.size * 24 * 24 * 3);
    }
    expect(seen.map((b) => b.next.position)).toEqual([8, 16, 24, 32, 40, 0]);
    expect(seen.at(-1)!.next.epoch).toBe(1);
    const full = new DataLoader({ samples }, { ...train, dropLast: true });
    expect(full.batchesPerEpoch).toBe(5);
  });

  test.each([1, 2, 3])("are the same bytes with %i workers as with none", async (workers) => {
    for (const options of [train, { ...train, batchSize: 20, prefetch: 0 }]) {
      expect(await collectWith({ ...options, workers }, 5)).toEqual(await collectWith({ ...options, workers: 0 }, 5));
    }
  });

  test("differ between epochs and seeds", async () => {
    const [a, b, c] = await Promise.all([
      collectWith({ ...train, workers: 0 }, 0),
      collectWith({ ...train, workers: 0 }, 1),
      collectWith({ ...train, workers: 0, seed: 4 }, 0),
    ]);
    expect(a).not.toEqual(b);
    expect(a).not.toEqual(c);
  });

  test.each([0, 2])("resume from the middle of an epoch, %i workers", async (workers) => {
    const whole = await collectWith({ ...train, workers }, 2);
    expect(await collectWith({ ...train, workers }, 2, 4)).toEqual(whole.slice(4));
    expect(await collectWith({ ...train, workers }, 2, 6)).toEqual([]);
  });

  test("of all ranks together are the batches of one", async () => {
    const options = { ...train, workers: 0, batchSize: 1 };
    const whole = await collectWith(options, 0);
    const odd = await collectWith({ ...options, replicas: 2, rank: 1 }, 0);
    expect(odd[3]!.images).toEqual(whole[7]!.images);
  });

  test("of several ranks come in turns, as many of each as asked for, and what is left at the end", async () => {
    const options = { ...train, workers: 0, batchSize: 3, replicas: 2 };
    const [a, b] = await Promise.all([0, 1].map((rank) => collectWith({ ...options, rank }, 0)));
    expect(a!.length).toBe(8);
    const turns = (from: number, to: number) => [...a!.slice(from, to), ...b!.slice(from, to)];
    const both = { ...options, rank: [0, 1], batchesInTurn: 3 };
    expect(await collectWith(both, 0)).toEqual([...turns(0, 3), ...turns(3, 6), ...turns(6, 8)]);
    expect(await collectWith(both, 0, 3)).toEqual([...turns(3, 6), ...turns(6, 8)]);
    expect(await collectWith({ ...both, batchesInTurn: 1 }, 0)).toEqual(a!.flatMap((one, i) => [one, b![i]]));
    expect(() => new DataLoader({ samples }, { ...train, batchesInTurn: 0 })).toThrow(/batchesInTurn 0, expected/);
  });

  test("of ranks without padding hold every sample once, and none for a rank too many", async () => {
    const options = { ...train, shuffle: false, workers: 0, pad: false, replicas: 5 };
    const ranks = await Promise.all([0, 1, 2, 3, 4].map((rank) => collectWith({ ...options, rank }, 0)));
    const seen = ranks.flat().flatMap(({ indices }) => [...indices]);
    expect(seen.sort((a, b) => a - b)).toEqual(samples.map((_, i) => i));
    const idle = new DataLoader({ samples: samples.slice(0, 2) }, { ...options, rank: 3 });
    expect(idle.batchesPerEpoch).toBe(0);
    expect(await collect(idle, 0)).toEqual([]);
  });

  test("may give their memory back", async () => {
    const loader = new DataLoader({ samples }, { ...train, workers: 1 });
    const expected = await collectWith({ ...train, workers: 0 }, 0);
    const buffers = new Set<ArrayBufferLike>();
    const seen: Uint8Array[] = [];
    for await (const batch of loader.epoch(0)) {
      buffers.add(batch.images.buffer);
      seen.push(Uint8Array.from(batch.images));
      batch.release();
      batch.release();
    }
    await loader.close();
    expect(seen).toEqual(expected.map((b) => b.images));
    expect(buffers.size).toBeLessThanOrEqual(5);
  });
});

describe("decoders", () => {
  test.each(
    decoderNames,
  )("%s: the same batches from any number of workers, in colours close to jpeg-js", async (name) => {
    const options: DataLoaderOptions = { ...train, transform: trainTransform({ imageSize: 24 }), decoder: name };
    const alone = await collectWith({ ...options, workers: 0 }, 1);
    expect(await collectWith({ ...options, workers: 2 }, 1)).toEqual(alone);
    const ours = await collectWith({ ...train, workers: 0 }, 1);
    expect(alone.map(({ indices }) => indices)).toEqual(ours.map(({ indices }) => indices));
    alone.forEach(({ images }, i) => {
      const errors = images.map((value, p) => Math.abs(value - ours[i]!.images[p]!));
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(1);
    });
  });
});

describe("memory", () => {
  test("batches that are given back go round: never more than prefetch and the one in use, over many epochs", async () => {
    const loader = new DataLoader({ samples }, { ...train, batchSize: 2, workers: 2, prefetch: 2 });
    const buffers = new Set<ArrayBufferLike>();
    for (let epoch = 0; epoch < 4; epoch++)
      for await (const batch of loader.epoch(epoch)) {
        buffers.add(batch.images.buffer);
        batch.release();
      }
    await loader.close();
    expect(buffers.size).toBeLessThanOrEqual(2 + 2);
  });

  test("files stay in memory only while all of them fit", () => {
    const sizes = samples.slice(0, pictures.length).map(({ path }) => readFileSync(path).length);
    const sum = sizes.reduce((total, size) => total + size, 0);
    for (const [limit, expected] of [
      [sum, sum],
      [sum - 1, 0],
      [0, 0],
    ] as const) {
      const files = new PictureFiles(limit);
      for (const _ of [0, 1]) {
        for (const sample of samples) {
          expect(files.bytesOf(sample)).toEqual(Uint8Array.from(readFileSync(sample.path)));
          expect(files.keptBytes).toBeLessThanOrEqual(limit);
        }
        expect(files.keptBytes).toBe(expected);
      }
      files.close();
      expect(files.keptBytes).toBe(0);
    }
  });
});

describe("workers", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "loader-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([0, 2])("name an unreadable file in its turn, %i workers", async (workers) => {
    const bad = join(folder, "torn.jpg");
    writeFileSync(bad, new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16]));
    const broken = [...samples.slice(0, 20), { path: bad, label: 0 }, { path: join(folder, "gone.jpg"), label: 0 }];
    const options = { ...train, shuffle: false, batchSize: 7, workers };
    const loader = new DataLoader({ samples: broken }, options);
    let batches = 0;
    const reading = (async () => {
      for await (const _ of loader.epoch(0)) batches++;
    })();
    await expect(reading).rejects.toThrow(/torn\.jpg: JPEG without a frame header/);
    expect(batches).toBe(2);
    const missing = new DataLoader({ samples: broken.slice(21) }, options);
    await expect(missing.epoch(0).next()).rejects.toThrow(/gone\.jpg: cannot be read/);
    expect(liveThreads()).toBe(0);
  });

  test("stay between epochs and end after close, break and error", async () => {
    const before = threads.length;
    const loader = new DataLoader({ samples }, { ...train, workers: 2 });
    await collect(loader, 0);
    await collect(loader, 1);
    expect(threads.length).toBe(before + 2);
    expect(liveThreads()).toBe(2);
    expect(loader.stats.images).toBe(86);
    expect(loader.stats.imagesPerSecond).toBeGreaterThan(0);
    for await (const _ of loader.epoch(2)) break;
    expect(liveThreads()).toBe(0);
    expect((await collect(loader, 0)).length).toBe(6);
    await loader.close();
    expect(liveThreads()).toBe(0);
  });

  test("that die are reported, not waited for", async () => {
    const loader = new DataLoader({ samples }, { ...train, workers: 1 });
    const reading = collect(loader, 0);
    await new Promise(setImmediate); // the "worker" event comes a tick after the start
    void threads.at(-1)!.terminate();
    await expect(reading).rejects.toThrow(/data worker 0: stopped .* while reading .*\.jpg/);
    expect((await collect(loader, 0)).length).toBe(6);
    await loader.close();
  });

  test("do not keep a process alive that forgot to close", () => {
    const built = new URL("../../dist/data/", import.meta.url).href;
    const script = `
      import { DataLoader } from "${built}reading/loader.js";
      import { evalTransform } from "${built}transforms/index.js";
      const loader = new DataLoader({ samples: ${JSON.stringify(samples)} }, { batchSize: 8, workers: 2, transform: evalTransform({ imageSize: 16 }) });
      let size = 0;
      for await (const batch of loader.epoch(0)) size += batch.size;
      const iterator = loader.epoch(1);
      size += (await iterator.next()).value.size;
      console.log(size);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      timeout: 20_000,
      encoding: "utf8",
    });
    expect(out.trim()).toBe("51");
  });

  test("one epoch at a time", async () => {
    const loader = new DataLoader({ samples }, { ...train, workers: 0 });
    const first = loader.epoch(0);
    await first.next();
    await expect(loader.epoch(1).next()).rejects.toThrow(/epoch 1 asked for while epoch 0/);
    await first.return?.();
    expect((await loader.epoch(1).next()).done).toBe(false);
  });
});

test("impossible options are refused at once", () => {
  const make = (options: Partial<DataLoaderOptions>) => () => new DataLoader({ samples }, { ...train, ...options });
  expect(make({ batchSize: 0 })).toThrow(/batchSize 0/);
  expect(make({ workers: -1 })).toThrow(/workers -1/);
  expect(make({ batchSize: 64, dropLast: true })).toThrow(/43 samples do not fill one batch of 64/);
  expect(make({ transform: evalTransform({ imageSize: 8 }).slice(0, 1) })).toThrow(/different sizes/);
});
