/**
 * The built command as a process: the examples of its help, scores of predict bit for bit, a thread that ends, too many pixels, a flood,
 * SIGTERM with requests under way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import "../../src/index.js";
import { serving } from "../../src/cli/commands/serve.js";
import { flagOf } from "../../src/cli/options.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { packageRoot, tensorone } from "../cli/spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist", "val", "08_bag");
const photo = readFileSync(join(packageRoot, "bench", "fixtures", "photo.jpg"));
const small = ["--image-size", "32", "--threads", "1"];
const children: ChildProcess[] = [];
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-serve-"));
  for (const name of ["pets", "birds"]) {
    mkdirSync(join(folder, "runs", name), { recursive: true });
    const model = createModel("mobileone_s0", { numClasses: 3, seed: name.length });
    await saveModelFile(join(folder, "runs", name, "model.safetensors"), model, {
      recipe: null,
      classes: ["a", "b", "c"],
    });
  }
  const deploy = ["reparameterize", "runs/pets/model.safetensors", "deploy.safetensors"];
  expect(tensorone(deploy, folder).code).toBe(0);
  mkdirSync(join(folder, "pictures"));
  for (const file of readdirSync(demo).slice(0, 9)) copyFileSync(join(demo, file), join(folder, "pictures", file));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server and waits for its one object. */
async function start(words: readonly string[]) {
  const child = spawn(process.execPath, [join(packageRoot, "dist", "cli", "main.js"), ...words], { cwd: folder });
  children.push(child);
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      if (stdout.endsWith("\n")) resolve(stdout);
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
  return { child, ended, told: JSON.parse(line) as { url: string }, said: () => stderr };
}
const post = (url: string, body: Uint8Array) =>
  fetch(url, { method: "POST", body: new Uint8Array(body), signal: AbortSignal.timeout(120_000) });

it("gives the scores of predict, bit for bit, in whatever batches", async () => {
  const predicted = tensorone(
    ["predict", "--checkpoint", "deploy.safetensors", "pictures", "--json", ...small, "--top-k", "3"],
    folder,
  );
  const { images } = JSON.parse(predicted.stdout) as {
    images: { image: string; classes: { name: string; score: number }[] }[];
  };
  expect(images).toHaveLength(9);
  const { told } = await start(["serve", "deploy.safetensors", "--port", "0", "--json", ...small]);
  const answers = await Promise.all(
    images.map(async ({ image }) =>
      (await post(`${told.url}/predictions/deploy`, readFileSync(join(folder, image)))).text(),
    ),
  );
  const expected = images.map(({ classes }) =>
    JSON.stringify(Object.fromEntries(classes.map((c) => [c.name, c.score]))),
  );
  expect(answers).toEqual(expected);
});

it("refuses what is too large by its header, answers beside it, and ends with 0 when what it accepted is answered", async () => {
  const { told, child, ended, said } = await start([
    "serve",
    "runs/pets",
    "--port",
    "0",
    "--json",
    ...small,
    "--queue",
    "4",
  ]);
  expect(said()).toContain("folding: ");
  // the width and height of the first frame header
  const huge = Buffer.from(photo);
  huge.writeUInt32BE((10_000 << 16) | 10_000, huge.indexOf(Buffer.from([0xff, 0xc0, 0, 17, 8])) + 5);
  const refused = await post(`${told.url}/predictions/pets`, huge);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: expect.stringContaining("10000x10000") });
  const flood = await Promise.all(Array.from({ length: 60 }, () => post(`${told.url}/predictions/pets`, photo)));
  const statuses = flood.map(({ status }) => status);
  expect([...new Set(statuses)].sort()).toEqual([200, 503]);
  const last = Promise.all([1, 2, 3].map(() => post(`${told.url}/predictions/pets`, photo)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGTERM");
  // what the system had not handed over yet is refused by it
  const kept = await last.catch(() => []);
  expect(kept.every(({ status }) => status === 200)).toBe(true);
  expect(await ended).toBe(0);
  expect(
    said()
      .split("\n")
      .filter((line) => line.startsWith("{")).length,
  ).toBeLessThanOrEqual(21);
});

it("an address that is taken, and a file that is none, end it with a line", async () => {
  const { told } = await start(["serve", "runs/pets", "--port", "0", "--json", ...small]);
  const { port } = new URL(told.url);
  expect(tensorone(["serve", "runs/pets", "--port", port, ...small], folder)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: serve: 127.0.0.1 port \d+ is in use\n/m),
  });
  expect(tensorone(["serve", "nothing.safetensors", "--port", "0"], folder).code).toBe(1);
  expect(tensorone(["serve", "a=x", "a=y"], folder)).toMatchObject({ code: 2 });
});

describe("examples of the help", () => {
  const own = Object.keys(serving.options).filter(
    (name) => !["help", "weights", "imageSize", "backend", "turbo"].includes(name),
  );
  test.each(own)("%s is shown", (name) => {
    expect(
      serving.examples.some((one) => `${one} `.includes(`${flagOf(name)} `)),
      name,
    ).toBe(true);
  });
  test.each(serving.examples)("%s", async (example) => {
    // two options more, so that none waits for another and the address is told as JSON
    const words = [
      ...example.split(" "),
      "--image-size",
      "32",
      "--port",
      "0",
      ...(example.includes("--json") ? [] : ["--json"]),
    ];
    const { told, child, ended } = await start(words);
    const url = told.url.replace("0.0.0.0", "127.0.0.1");
    expect((await post(`${url}/predictions/pets`, photo)).status).toBe(200);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});
