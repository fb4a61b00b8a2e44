/** Real threads behind a real server: one that ends costs its own requests a 500, another takes its place, the next request is right. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Transform } from "../../src/data/transforms/index.js";
import { resolveServeOptions } from "../../src/serve/options.js";
import { type PictureReader, PictureThreads } from "../../src/serve/picture-threads.js";
import { openParts, serveParts } from "../../src/serve/server.js";
import type { Serving } from "../../src/serve/serving.js";
import { packageRoot } from "../cli/spawn.js";
import { FakeEngine } from "./fake.js";

const photo = readFileSync(join(packageRoot, "bench", "fixtures", "photo.jpg"));
const options = resolveServeOptions({ port: 0, workers: 1 });
const servers: Serving[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

const faultsOf = async ({ url }: Serving, part: string): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^tensorone_faults_total\\{part="${part}"\\} (\\d+)$`, "m").exec(metrics)?.[1] ?? 0);
};
const post = async (url: string, body: Uint8Array<ArrayBuffer> | string) => {
  const response = await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(120_000) });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
};

it("a thread of pictures that ends", async () => {
  const server = await serveParts(options, async ({ fault }) => {
    const decoder = "jpeg-js";
    const { workers, maxPixels, decodeTimeoutMs: timeoutMs } = options;
    const onFault = (error: Error): void => fault("pictures", error);
    const threads = new PictureThreads({ workers, decoder, maxPixels, timeoutMs, onFault });
    // the last byte of a body, behind the picture's end, says that its thread is to meet a fault of its own
    const reader: PictureReader = {
      read: (job) => threads.read(job.bytes.at(-1) === 1 ? { ...job, transform: null as unknown as Transform } : job),
      close: () => threads.close(),
    };
    return { engine: new FakeEngine(), reader, decoder };
  });
  servers.push(server);
  const url = `${server.url}/predictions/pets`;
  const sound = new Uint8Array([...photo, 0]);
  const before = await post(url, sound);
  expect(before.status).toBe(200);
  const [fault, beside] = await Promise.all([post(url, new Uint8Array([...photo, 1])), post(url, sound)]);
  expect(fault).toMatchObject({ status: 500, answer: { error: expect.any(String) } });
  expect(beside).toEqual(before);
  expect(await post(url, sound)).toEqual(before);
  expect(await faultsOf(server, "pictures")).toBe(1);
});

/** Ends its thread by an error that nobody catches where the first pixel is 13, else answers with the first two. */
const engineModule = `data:text/javascript,${encodeURIComponent(`
export const openEngine = async () => ({
  label: "frail",
  models: [{ name: "pets", path: "pets", model: "frail", numClasses: 2, classes: ["cat", "dog"], imageSize: 2, resizeSize: 2, certificate: null }],
  infer: (_, squares) => squares[0][0] === 13
    ? new Promise(() => setImmediate(() => { throw new Error("secret place"); }))
    : Promise.resolve(Float32Array.from(squares.flatMap(([a, b]) => [a, b]))),
});`)}`;

it("a thread of the engine that ends", async () => {
  const models = [{ name: "pets", path: "pets" }];
  const server = await serveParts(options, (watch) => openParts(models, options, watch, engineModule));
  servers.push(server);
  const infer = (first: number) => {
    const data = [first, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const input = { name: "image", datatype: "UINT8", shape: [1, 2, 2, 3], data };
    return post(`${server.url}/v2/models/pets/infer`, JSON.stringify({ inputs: [input] }));
  };
  const ready = async (): Promise<number> => (await fetch(`${server.url}/v2/health/ready`)).status;
  const before = await infer(2);
  expect(before.status).toBe(200);
  const fault = await infer(13);
  expect(fault.status).toBe(500);
  expect(JSON.stringify(fault.answer)).not.toContain("secret place");
  // it is opened anew after a second
  expect([await ready(), (await infer(2)).status]).toEqual([503, 503]);
  while ((await ready()) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await infer(2)).toEqual(before);
  expect(await faultsOf(server, "engine")).toBe(1);
});
