/** Commands that are given weights by address, as processes against a server on this machine. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setBackend } from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { serving, startServer, type TestServer } from "../hub/server.js";
import { tensoroneLater } from "./spawn.js";

let folder = "";
let server: TestServer;
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "tensorone-weights-"));
  const model = createModel("mobileone_s0", { numClasses: 3 });
  const file = join(folder, "s0.safetensors");
  await saveModelFile(file, model, { classes: ["ape", "bee", "cat"], recipe: null });
  model.dispose();
  server = await startServer();
  server.answer = serving(readFileSync(file));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (line: string) =>
  tensoroneLater(line.split(" "), folder, { TENSORONE_CACHE: join(folder, "cache"), HF_ENDPOINT: server.url });

test("convert reads from the hub, once", async () => {
  const spec = "hf://someone/s0/model.safetensors";
  const first = await run(`convert ${spec} apple.pth --keys apple`);
  expect(first.stderr).toBe("");
  expect(first.stdout).toContain(`${spec}: `);
  expect(first.stdout).toContain("downloaded from 127.0.0.1");
  const second = await run(`convert ${spec} timm.pth --keys timm`);
  expect(second.stdout).toContain("from the cache");
  expect(server.questions).toHaveLength(1);
});

test("a name that nobody published ends with the nearest", async () => {
  const { code, stderr } = await run("convert mobilone_s0 x.pth");
  expect(code).toBe(1);
  expect(stderr).toMatch(/no published weights of that name\n\s+hint: did you mean mobileone_s0\?/);
});

test("weights lists the table, and brings what is named", async () => {
  const listed = await run("weights --json");
  expect(JSON.parse(listed.stdout).weights.length).toBeGreaterThan(10);
  const { stdout } = await run("weights mobileone_s0.apple_in1k --json");
  const { files } = JSON.parse(stdout) as { readonly files: readonly { readonly path: string }[] };
  expect(readFileSync(files[0]!.path).equals(readFileSync(join(folder, "s0.safetensors")))).toBe(true);
});
