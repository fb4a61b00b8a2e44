/** Batches, the bounded queue, slow clients, stopping: with gates in the place of time where that is possible. */
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { ErrorLog, type ServeLogEntry } from "../../src/serve/error-log.js";
import { Intake } from "../../src/serve/limits.js";
import { labelsOf, namedModels, parseModel } from "../../src/serve/names.js";
import { resolveServeOptions } from "../../src/serve/options.js";
import { BackendError } from "../../src/util/errors.js";
import { fakeServer, gate } from "./fake.js";

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
};
const predict = (url: string, byte: number) =>
  fetch(`${url}/predictions/pets`, { method: "POST", body: Buffer.alloc(12, byte) });
const queued = async (url: string): Promise<number> =>
  Number(/^tensorone_queue_pictures (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

describe("where it listens", () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
  // told by the machine: containers may have no IPv6
  it.skipIf(!hasIpv6)("an address of IPv6 stands in brackets, and answers", async () => {
    const { server } = await fakeServer({ host: "::1" });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
    expect((await predict(server.url, 1)).status).toBe(200);
    await server.stop();
  });
  it("a port that is taken, and an address of others, are errors with a hint, before anything is left open", async () => {
    const { server } = await fakeServer();
    // the second is of a block for documentation: no machine has it
    for (const [options, why, hint] of [
      [{ port: server.port }, "is in use", "--port 0"],
      [{ host: "192.0.2.1" }, "cannot be listened at (EADDRNOTAVAIL)", "--host 127.0.0.1"],
    ] as const) {
      const error = await fakeServer(options).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BackendError);
      expect(error).toMatchObject({
        summary: expect.stringContaining(why),
        hint: expect.stringContaining(hint),
      });
    }
    expect((await predict(server.url, 1)).status).toBe(200);
    await server.stop();
  });
});

describe("batches", () => {
  it("gather while the engine computes, are full at most, and give each its own row", async () => {
    const { server, engine } = await fakeServer({ batchSize: 4 });
    const held = gate();
    engine.gate = held.closed;
    const first = predict(server.url, 255);
    await until(() => engine.batches.length === 1);
    const others = Array.from({ length: 10 }, (_, i) => predict(server.url, 20 * i));
    await until(async () => (await queued(server.url)) === 11);
    // one full batch is handed over ahead
    await until(() => engine.batches.length === 2);
    held.open();
    const answers = await Promise.all([first, ...others].map(async (one) => (await one).json()));
    expect(answers).toEqual(Array(11).fill({ cat: 0.5, dog: 0.5 }));
    expect(engine.batches.slice(0, 3)).toEqual([1, 4, 4]);
    expect(engine.batches.reduce((sum, size) => sum + size)).toBe(11);
    await server.stop();
  });
  it("start at once where nothing else is on its way, and wait for what is being read no longer than told", async () => {
    const { server, engine, reader } = await fakeServer({ maxDelayMs: 60_000 });
    await (await predict(server.url, 1)).text();
    expect(engine.batches).toEqual([1]);
    const held = gate();
    reader.gate = held.closed;
    const two = [predict(server.url, 1), predict(server.url, 2)];
    await until(async () => (await queued(server.url)) === 2);
    held.open();
    await Promise.all(two);
    expect(engine.batches).toEqual([1, 2]);
    await server.stop();
  });
  it("fail together where the engine fails, and the next is answered", async () => {
    const { server, engine } = await fakeServer();
    engine.failure = new Error("no memory");
    expect((await predict(server.url, 1)).status).toBe(500);
    engine.failure = null;
    expect((await predict(server.url, 1)).status).toBe(200);
    engine.isReady = false;
    const refused = await predict(server.url, 1);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(503);
    await server.stop();
  });
});

describe("limits", () => {
  it("a full queue is 503 with Retry-After at once, and what was accepted is answered", async () => {
    const { server, engine } = await fakeServer({ queue: 3, batchSize: 1 });
    const held = gate();
    engine.gate = held.closed;
    const accepted = [1, 2, 3].map((byte) => predict(server.url, byte));
    await until(async () => (await queued(server.url)) === 3);
    const refused = await predict(server.url, 4);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({ error: expect.stringContaining("3 pictures wait") });
    held.open();
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await queued(server.url)).toBe(0);
    await server.stop();
  });
  it("bodies in memory are counted and given back", () => {
    const intake = new Intake({ queue: 2, bytes: 100 });
    intake.hold(60);
    expect(() => intake.hold(41)).toThrow(/bodies of 60 bytes are in memory, expected at most 100/);
    intake.release(60);
    intake.hold(100);
    expect(() => intake.enter(3)).toThrow(/3 pictures in one request, expected at most 2/);
  });
  it("a body that does not come gets 408, and others are answered meanwhile", async () => {
    const { server } = await fakeServer({ requestTimeoutMs: 500 });
    const answer = new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(server.port, server.host, () =>
        socket.write("POST /predictions/pets HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"),
      );
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    expect((await predict(server.url, 1)).status).toBe(200);
    expect(await answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n[\s\S]*\{"error":/);
    await server.stop();
  });
  it("connections beyond the most get 503", async () => {
    const { server } = await fakeServer({ maxConnections: 1 });
    const first = connect(server.port, server.host);
    await new Promise((resolve) => first.once("connect", resolve));
    expect((await predict(server.url, 1)).status).toBe(503);
    first.destroy();
    await until(async () => (await predict(server.url, 1)).status === 200);
    await server.stop();
  });
});

describe("stopping", () => {
  it("answers what was accepted, accepts nothing more", async () => {
    const { server, engine } = await fakeServer();
    const held = gate();
    engine.gate = held.closed;
    const accepted = predict(server.url, 1);
    await until(() => engine.batches.length === 1);
    const stopped = server.stop();
    await expect(fetch(`${server.url}/ping`)).rejects.toThrow();
    held.open();
    const response = await accepted;
    expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
    expect(await stopped).toBe(true);
  });
  it("cuts off what takes longer than it may, and says so", async () => {
    const { server, engine } = await fakeServer({ stopTimeoutMs: 50 });
    engine.gate = gate().closed;
    const accepted = predict(server.url, 1).catch(() => "cut off");
    await until(() => engine.batches.length === 1);
    expect(await server.stop()).toBe(false);
    expect(await accepted).toBe("cut off");
  });
});

describe("words", () => {
  it.each([
    ["runs/pets", { name: "pets", path: "runs/pets" }],
    ["runs/pets/model-deploy.safetensors", { name: "pets", path: "runs/pets/model-deploy.safetensors" }],
    ["a b.safetensors", { name: "a-b", path: "a b.safetensors" }],
    ["cats=x=y.pth", { name: "cats", path: "x=y.pth" }],
    ["../a=b", { name: "a-b", path: "../a=b" }],
  ])("%s", (word, model) => expect(parseModel(word)).toEqual(model));
  it("names stand once and fit an address; classes are told apart", () => {
    expect(() => namedModels(["a/x.pth", "b/x.pth"])).toThrow(/two models called x/);
    expect(() => namedModels({ "a/b": "x" })).toThrow(/a model called "a\/b"/);
    expect(() => namedModels([])).toThrow(/no models/);
    expect(labelsOf(["crane", "dog", "crane"], 3)).toEqual(["crane (0)", "dog", "crane (2)"]);
    expect(labelsOf(null, 2)).toEqual(["0", "1"]);
  });
  it("numbers that cannot be meant are refused", () => {
    expect(() => resolveServeOptions({ queue: 0 })).toThrow(/serve: queue 0, expected a whole number of at least 1/);
    expect(() => resolveServeOptions({ workers: 0 })).toThrow(/serve: workers 0/);
    expect(resolveServeOptions({ maxBytes: 2 ** 30 }).maxBufferedBytes).toBe(2 ** 31);
  });
  it("the log tells twenty, and counts the rest", () => {
    const told: ServeLogEntry[] = [];
    const log = new ErrorLog((entry) => told.push(entry));
    for (let i = 0; i < 25; i++) log.fault("engine", new Error(`${i}`));
    log.close();
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toMatchObject({ kind: "suppressed", count: 5 });
  });
});
