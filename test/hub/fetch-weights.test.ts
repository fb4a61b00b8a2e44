/** Weights by address: what a server can do to a download, and what is left of it afterwards. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheEntry } from "../../src/hub/cache.js";
import { fetchWeights } from "../../src/hub/index.js";
import { getBudget, setBudget } from "../../src/util/budget.js";
import { CheckpointError, TensoroneError } from "../../src/util/errors.js";
import { cutting, serving, startServer, type TestServer } from "./server.js";

const bytes = Uint8Array.from({ length: 100_003 }, (_, i) => (i * 7919) >>> 3);
const hash = createHash("sha256").update(bytes).digest("hex");

let server: TestServer;
let cache = "";
beforeEach(async () => {
  server = await startServer();
  cache = mkdtempSync(join(tmpdir(), "tensorone-hub-"));
});
afterEach(async () => {
  await server.close();
  rmSync(cache, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}) => ({ TENSORONE_CACHE: cache, ...more });
const get = (path: string, more: Record<string, string> = {}) =>
  fetchWeights(/^\/[\w-]+\.\w+$/.test(path) ? server.url + path : path, {
    env: env(more),
    silenceMs: 20_000,
    onProgress: (done) => {
      received = done;
    },
  });
let received = 0;
const cut = (sent: number, etag?: string) => {
  received = 0;
  return cutting(bytes, sent, () => received, etag);
};
/** Files that are no records; nothing else may stay of a refusal. */
const kept = () =>
  readdirSync(cache, { recursive: true, encoding: "utf8" }).filter(
    (name) => statSync(join(cache, name)).isFile() && !name.endsWith("record.json"),
  );

async function refusal(promise: Promise<unknown>): Promise<TensoroneError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TensoroneError);
  expect((error as TensoroneError).summary).not.toContain("\n");
  return error as TensoroneError;
}

describe("a file on the web", () => {
  it("comes once, and from the cache afterwards", async () => {
    server.answer = serving(bytes);
    const progress: number[] = [];
    const first = await fetchWeights(`${server.url}/w.safetensors`, {
      env: env(),
      onProgress: (done) => progress.push(done),
    });
    expect(first).toMatchObject({ isNew: true, bytes: bytes.length, sha256: hash, published: null });
    expect(new Uint8Array(readFileSync(first.path))).toEqual(bytes);
    expect(progress.at(-1)).toBe(bytes.length);
    expect(await get("/w.safetensors")).toEqual({ ...first, isNew: false });
    expect(server.questions).toHaveLength(1);
    expect(kept()).toHaveLength(1);
  });

  it("comes again where its cached bytes have changed", async () => {
    server.answer = serving(bytes);
    const { path } = await get("/w.safetensors");
    const damaged = readFileSync(path);
    damaged[500]! ^= 1;
    writeFileSync(path, damaged);
    expect((await get("/w.safetensors")).isNew).toBe(true);
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
  });

  it("is fetched once by several at a time", async () => {
    server.answer = serving(bytes);
    const all = await Promise.all([1, 2, 3].map(() => get("/w.safetensors")));
    expect(new Set(all.map(({ path }) => path)).size).toBe(1);
    expect(server.questions).toHaveLength(1);
  });

  it("is gone on with after a break, in one call and in the next", async () => {
    server.answer = cut(30_000);
    expect(await refusal(get("/w.safetensors"))).toMatchObject({
      summary: expect.stringMatching(/the transfer ends after \d+ of 100003 bytes$/),
    });
    expect(server.questions.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=30000-", "bytes=60000-"]);
    const { part } = cacheEntry(cache, { url: `${server.url}/w.safetensors`, fileName: "w.safetensors" });
    expect(statSync(part).size).toBe(90_000);
    server.answer = serving(bytes);
    const { path } = await get("/w.safetensors");
    expect(server.questions.at(-1)!.headers.range).toBe("bytes=90000-");
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
    expect(existsSync(part)).toBe(false);
  });

  it("starts over where the server has another file now, or sends the whole again", async () => {
    server.answer = cut(30_000);
    await refusal(get("/w.safetensors"));
    const other = bytes.map((value) => value ^ 255);
    server.answer = serving(other, '"two"');
    expect(new Uint8Array(readFileSync((await get("/w.safetensors")).path))).toEqual(other);
    server.answer = cut(30_000);
    await refusal(get("/v.safetensors"));
    server.answer = (_, response) => response.writeHead(200, { etag: '"one"' }).end(bytes);
    expect(new Uint8Array(readFileSync((await get("/v.safetensors")).path))).toEqual(bytes);
  });

  it("follows redirects, to a limit", async () => {
    const file = serving(bytes);
    server.answer = (request, response) =>
      request.url === "/w.safetensors"
        ? response.writeHead(302, { location: "/there/w" }).end()
        : file(request, response);
    expect((await get("/w.safetensors")).bytes).toBe(bytes.length);
    server.answer = (_, response) => response.writeHead(302, { location: "/again.pth" }).end();
    expect((await refusal(get("/again.pth"))).summary).toContain("more than 10 redirects");
  });

  it.each([
    [404, "answers with status 404", "check the address"],
    [401, "answers with status 401", "HF_TOKEN"],
    [503, "answers with status 503", undefined],
  ])("says in a line what a status of %i means", async (status, summary, hint) => {
    server.answer = (_, response) => response.writeHead(status).end("no");
    const error = await refusal(get("/w.safetensors"));
    expect(error.summary).toContain(summary);
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toContain(hint);
    expect(kept()).toEqual([]);
  });

  it("refuses a page, called so or not", async () => {
    const page = "<!doctype html><title>login</title>";
    server.answer = (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    expect((await refusal(get("/w.safetensors"))).summary).toContain("answers with an HTML page");
    server.answer = (_, response) => response.writeHead(200).end(page);
    expect((await refusal(get("/w.safetensors"))).summary).toContain("an HTML or XML page");
    expect(kept()).toEqual([]);
  });

  it("compares the hash in its name, and keeps no other file", async () => {
    server.answer = serving(bytes);
    expect((await get(`/model-${hash.slice(0, 8)}.pth`)).sha256).toBe(hash);
    const error = await refusal(get("/model-0123abcd.pth"));
    expect(error.summary).toContain(`SHA-256 ${hash.slice(0, 16)}… of what came, expected 0123abcd`);
    expect(kept()).toHaveLength(1);
  });

  it("gives a silent server up, and a missing one", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("abc");
    };
    const silent = fetchWeights(`${server.url}/w.safetensors`, { env: env(), silenceMs: 200 });
    expect((await refusal(silent)).summary).toContain("the transfer ends after 3 of 10 bytes");
    await server.close();
    expect((await refusal(get("/w.safetensors"))).summary).toMatch(/no answer from 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    server = await startServer();
  });
});

describe("a file of the hub", () => {
  it("is asked for at HF_ENDPOINT, with the token there alone, its stated hash compared", async () => {
    const store = await startServer();
    store.answer = serving(bytes);
    server.answer = (_, response) =>
      response.writeHead(302, { location: `${store.url}/blob`, "x-linked-etag": `"${hash}"` }).end();
    const more = { HF_ENDPOINT: `${server.url}/`, HF_TOKEN: "secret" };
    const found = await get("hf://timm/some.model@v1.0/folder/model.safetensors", more);
    expect(found.sha256).toBe(hash);
    expect(server.questions[0]!.path).toBe("/timm/some.model/resolve/v1.0/folder/model.safetensors");
    expect(server.questions[0]!.headers.authorization).toBe("Bearer secret");
    expect(store.questions[0]!.headers.authorization).toBeUndefined();
    store.answer = serving(bytes.map((value) => value ^ 1));
    const error = await refusal(get("hf://timm/some.model/other.safetensors", more));
    expect(error.summary).toContain("SHA-256");
    await store.close();
  });

  it("goes on with a part by the hub's own etag", async () => {
    const store = await startServer();
    store.answer = cut(20_000, '"of the store"');
    server.answer = (_, response) =>
      response.writeHead(302, { location: `${store.url}/blob`, "x-linked-etag": `"${hash}"` }).end();
    const more = { HF_ENDPOINT: server.url };
    await refusal(get("hf://a/b/c.safetensors", more));
    store.answer = serving(bytes, '"of another store"');
    expect((await get("hf://a/b/c.safetensors", more)).sha256).toBe(hash);
    expect(store.questions.at(-1)!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    await store.close();
  });

  it("by a published name comes from its publisher's repository", async () => {
    server.answer = serving(bytes);
    const found = await get("mobileone_s0.apple_in1k", { HF_ENDPOINT: server.url });
    expect(server.questions[0]!.path).toBe("/timm/mobileone_s0.apple_in1k/resolve/main/model.safetensors");
    expect(found.published).toMatchObject({ model: "mobileone_s0", top1: 71.398 });
  });
});

describe("a word", () => {
  it("that is a file here is that file", async () => {
    const path = join(cache, "mobileone_s0");
    writeFileSync(path, "x");
    expect(await get(path)).toMatchObject({ path, url: null, isNew: false });
    expect(await get("no/such/file.pth")).toMatchObject({ path: "no/such/file.pth" });
  });

  it.each([
    ["mobilone_s0", "no published weights of that name", "did you mean mobileone_s0?"],
    ["hf://timm/model.safetensors", "not a file of the hub", "hf://owner/repository/file"],
    ["hf://a/b/../../c", "not a file of the hub", "hf://owner/repository/file"],
    ["ftp://host/x.pth", "not an address that is read", "hf://"],
    ["https://", "not an address", "https://host"],
    ["https://me:word@host/x.pth", "a name or password in an address", "leave it out"],
  ])("%s is refused before anything is asked", async (spec, summary, hint) => {
    const error = await refusal(get(spec));
    expect(error.summary).toContain(summary);
    expect(error.hint).toContain(hint);
    expect(error.message).not.toContain("word@");
    if (error instanceof CheckpointError) expect(server.questions).toHaveLength(0);
  });
});

describe("a server that has more than the budget", () => {
  const usual = getBudget();
  beforeEach(() => {
    setBudget({ fileBytes: 50_000 });
  });
  afterEach(() => {
    setBudget(usual);
  });
  it("says so, and nothing is asked for", async () => {
    server.answer = serving(bytes);
    const error = await refusal(get("/w.safetensors"));
    expect(error.summary).toMatch(/w\.safetensors: 100003 bytes of a file, expected at most 50000/);
    expect(kept()).toEqual([]);
  });
  it("does not say how much, and never ends", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { etag: '"one"' });
      const more = () => {
        while (response.write(bytes.subarray(0, 10_000)));
      };
      response.on("drain", more);
      more();
    };
    const error = await refusal(get("/w.safetensors"));
    expect(error.summary).toMatch(/w\.safetensors: \d+ bytes of a file, expected at most 50000/);
    expect(kept()).toEqual([]);
  });
  it("redirects to what is no address", async () => {
    server.answer = (_, response) => response.writeHead(302, { location: "http://[" }).end();
    expect((await refusal(get("/w.safetensors"))).summary).toMatch(/redirects to http:\/\/\[, expected an address/);
  });
});
