/** What each address answers, and how it refuses: over real connections, with an engine that computes nothing. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServeLogEntry } from "../../src/serve/error-log.js";
import { softmaxOf } from "../../src/train/metrics/predictions.js";
import { fakeServer } from "./fake.js";

const log: ServeLogEntry[] = [];
let parts: Awaited<ReturnType<typeof fakeServer>>;
let url = "";
beforeAll(async () => {
  parts = await fakeServer({ maxBytes: 4096, onError: (entry) => log.push(entry) });
  url = parts.server.url;
});
afterAll(() => parts.server.stop());

const picture = Buffer.from([255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
const [cat, dog] = softmaxOf([1, 0]);
const post = (path: string, body: BodyInit, headers: Readonly<Record<string, string>> = {}) =>
  fetch(url + path, { method: "POST", body, headers });
const infer = (request: unknown) => post("/v2/models/pets/infer", JSON.stringify(request));

describe("/predictions", () => {
  it.each(["POST", "PUT"])("%s of bytes gives scores by class, the likeliest first", async (method) => {
    const response = await fetch(`${url}/predictions/pets`, { method, body: picture });
    expect(await response.text()).toBe(JSON.stringify({ cat, dog }));
  });
  it("takes base64 in JSON, and topK there or in the query", async () => {
    const type = { "Content-Type": "application/json" };
    const image = picture.toString("base64");
    for (const [path, body] of [
      ["", { image, topK: 1 }],
      ["?topK=1", { image: `data:image/png;base64,${image}` }],
    ] as const)
      expect(await (await post(`/predictions/pets${path}`, JSON.stringify(body), type)).json()).toEqual({ cat });
  });
});

describe("the Open Inference Protocol", () => {
  const image = { name: "image", datatype: "BYTES", shape: [1], data: [picture.toString("base64")] };
  it("answers files, pixels and numbers alike", async () => {
    const pixels = { name: "pixels", datatype: "UINT8", shape: [1, 2, 2, 3], data: [...picture] };
    const numbers = { ...pixels, datatype: "FP32" };
    for (const input of [
      image,
      pixels,
      {
        ...pixels,
        data: [
          [[picture.subarray(0, 6), picture.subarray(6)].map((row) => [[...row.subarray(0, 3)], [...row.subarray(3)]])],
        ][0],
      },
      numbers,
    ]) {
      const response = await infer({ id: "x", inputs: [input] });
      expect(await response.json()).toEqual({
        ...{ model_name: "pets", model_version: "1", id: "x" },
        outputs: [
          { name: "scores", datatype: "FP64", shape: [1, 2], data: [cat, dog] },
          { name: "label", datatype: "BYTES", shape: [1], data: ["cat"] },
        ],
      });
    }
  });
  it("takes and gives binary data behind the JSON", async () => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(picture.length);
    const data = Buffer.concat([length, picture, length, picture]);
    const input = { name: "image", datatype: "BYTES", shape: [2], parameters: { binary_data_size: data.length } };
    const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
    const response = await post("/v2/models/pets/infer", Buffer.concat([head, data]), {
      "Inference-Header-Content-Length": String(head.length),
    });
    const at = Number(response.headers.get("inference-header-content-length"));
    const bytes = Buffer.from(await response.arrayBuffer());
    const { outputs } = JSON.parse(bytes.subarray(0, at).toString());
    expect(outputs.map((one: { parameters: object }) => one.parameters)).toEqual([
      { binary_data_size: 32 },
      { binary_data_size: 14 },
    ]);
    expect([bytes.readDoubleLE(at), bytes.readDoubleLE(at + 24)]).toEqual([cat, dog]);
    expect(bytes.subarray(at + 32).toString("latin1")).toBe("\x03\0\0\0cat\x03\0\0\0cat");
  });
  it.each([
    ["no JSON", "{", /no JSON/],
    ["a list", [], /a list of 0, expected an object/],
    ["no inputs", {}, /inputs: undefined/],
    ["two inputs", { inputs: [image, image] }, /inputs: 2, expected one/],
    ["another datatype", { inputs: [{ ...image, datatype: "INT8" }] }, /expected BYTES, UINT8 or FP32/],
    ["a shape of others", { inputs: [{ ...image, shape: [3] }] }, /shape \[3\] and 1 elements/],
    ["no base64", { inputs: [{ ...image, data: ["%%"] }] }, /data\[0\]: no base64/],
    [
      "a byte of 256",
      { inputs: [{ ...image, datatype: "UINT8", shape: [1, 2, 2, 3], data: Array(12).fill(256) }] },
      /256, expected whole/,
    ],
    [
      "numbers that float32 has not",
      { inputs: [{ ...image, datatype: "FP32", shape: [1, 2, 2, 3], data: Array(12).fill(1e39) }] },
      /Infinity, expected finite/,
    ],
    [
      "another size",
      { inputs: [{ ...image, datatype: "UINT8", shape: [1, 3, 3, 3], data: [] }] },
      /expected \[n, 2, 2, 3\]/,
    ],
    [
      "binary data that is not there",
      { inputs: [{ ...image, data: undefined, parameters: { binary_data_size: 9 } }] },
      /expected the 0 bytes/,
    ],
    [
      "an output that there is not",
      { inputs: [image], outputs: [{ name: "x" }] },
      /outputs: "x", expected scores, label/,
    ],
  ])("%s is 400", async (_, request, error) => {
    const response = await post(
      "/v2/models/pets/infer",
      typeof request === "string" ? request : JSON.stringify(request),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(error) });
  });
  it("says what there is", async () => {
    expect(await (await fetch(`${url}/v2`)).json()).toMatchObject({ name: "tensorone" });
    for (const path of ["/v2/health/live", "/v2/health/ready", "/v2/models/pets/ready", "/ping"])
      expect((await fetch(url + path)).status, path).toBe(200);
    expect(await (await fetch(`${url}/v2/models/others`)).json()).toMatchObject({
      name: "others",
      inputs: [{ datatype: "BYTES", shape: [-1] }],
    });
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { modelName: string }[] };
    expect(models.map(({ modelName }) => modelName)).toEqual(["pets", "others"]);
  });
});

describe("what is refused", () => {
  it.each([
    ["GET", "/predictions/pets", null, {}, 405],
    ["GET", "/nothing", null, {}, 404],
    ["OPTIONS", "/predictions/pets", null, {}, 405],
    ["DELETE", "/v2/models/pets/infer", null, {}, 405],
    ["POST", "/predictions/p%C3%A9ts%20%3Cb%3E", "x", {}, 404],
    ["POST", "/predictions/pets%2Fothers", "x", {}, 404],
    ["POST", "/predictions/..%2F..%2Fetc", "x", {}, 404],
    ["POST", "/predictions/__proto__", "x", {}, 404],
    ["POST", "/predictions/%E0%A4%A", "x", {}, 404],
    ["POST", "/predictions/pest", "x", {}, 404],
    ["POST", "/v2/models/pest/infer", "{}", {}, 404],
    ["POST", "/predictions/pets", "", {}, 400],
    ["POST", "/predictions/pets", "no picture", {}, 400],
    ["POST", "/predictions/pets?topK=0", "x", {}, 400],
    ["POST", "/predictions/pets", '{"picture":1}', { "Content-Type": "application/json" }, 400],
    ["POST", "/predictions/pets", "x".repeat(5000), {}, 413],
    ["POST", "/predictions/pets", "x", { "Content-Type": "multipart/form-data" }, 415],
    ["POST", "/predictions/pets", "x", { "Content-Encoding": "gzip" }, 415],
    ["POST", "/predictions/pets", "fault", {}, 500],
    ["GET", `/${"x".repeat(20_000)}`, null, {}, 431],
  ] as const)("%s %.40s: %.20s %j is %i, with one JSON object", async (method, path, body, headers, status) => {
    const response = await fetch(url + path, { method, body, headers });
    expect(response.status).toBe(status);
    const answer = (await response.json()) as object;
    expect(Object.keys(answer).filter((key) => key !== "hint")).toEqual(["error"]);
    // a fault of ours is for the log
    expect(JSON.stringify(answer)).not.toContain("secret place");
  });
  it("HEAD has the status of GET and no body", async () => {
    for (const [path, status] of [
      ["/ping", 200],
      ["/nothing", 404],
    ] as const) {
      const response = await fetch(url + path, { method: "HEAD" });
      expect([response.status, await response.text()], path).toEqual([status, ""]);
    }
  });
  it("what is no HTTP gets a status too", async () => {
    const { port } = new URL(url);
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("\x16\x03\x01 hello\r\n\r\n"));
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n[\s\S]*\r\n\r\n\{"error":/);
  });
  it("is logged with its reason, a few at a time, and counted", async () => {
    expect(log.find(({ status }) => status === 500)?.error).toContain("secret place");
    for (let i = 0; i < 40; i++) await fetch(`${url}/nothing`);
    expect(log.filter(({ status }) => status !== 500)).toHaveLength(20);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/tensorone_requests_total\{endpoint="predictions",status="500"\} 1\n/);
    expect(metrics).toMatch(/tensorone_requests_total\{endpoint="other",status="404"\} \d\d\n/);
  });
});
