/** A server over an engine and a reader that tests can hold up: logits are [mean, second byte] of a square. */
import type { Engine, EngineModel } from "../../src/serve/engine.js";
import { HttpError } from "../../src/serve/http-error.js";
import { resolveServeOptions, type ServeOptions } from "../../src/serve/options.js";
import type { PictureJob, PictureReader } from "../../src/serve/picture-threads.js";
import { serveParts } from "../../src/serve/server.js";
import type { Serving } from "../../src/serve/serving.js";
import type { Square } from "../../src/serve/squares.js";

const SIDE = 2;

const model = (name: string): EngineModel => ({
  ...{ name, path: `${name}.safetensors`, model: "fake", numClasses: 2, imageSize: SIDE, resizeSize: SIDE },
  classes: ["cat", "dog"],
  certificate: null,
});

export class FakeEngine implements Engine {
  readonly label = "fake";
  readonly models = [model("pets"), model("others")];
  /** Sizes of batches, in order. */
  readonly batches: number[] = [];
  isReady = true;
  /** Awaited before each answer. */
  gate: Promise<void> = Promise.resolve();
  failure: Error | null = null;

  async infer(_: number, squares: readonly Square[]): Promise<Float32Array> {
    this.batches.push(squares.length);
    await this.gate;
    if (this.failure) throw this.failure;
    return Float32Array.from(squares.flatMap((square) => [square[0]! / 255, square[1]! / 255]));
  }
  async close(): Promise<void> {}
}

/** The first bytes of a body are the picture; "no picture" is none, "fault" ends a thread. */
export class FakeReader implements PictureReader {
  gate: Promise<void> = Promise.resolve();
  async read({ bytes, into }: PictureJob): Promise<void> {
    await this.gate;
    const text = Buffer.from(bytes).toString();
    if (text === "no picture") throw new HttpError(400, "picture: no picture");
    if (text === "fault") throw new Error("a data thread stopped (secret place)");
    into.set(bytes.subarray(0, into.length));
  }
  async close(): Promise<void> {}
}

export async function fakeServer(options: ServeOptions = {}) {
  const engine = new FakeEngine();
  const reader = new FakeReader();
  const server: Serving = await serveParts(resolveServeOptions({ port: 0, ...options }), async () => ({
    ...{ engine, reader, decoder: "fake" },
  }));
  return { server, engine, reader };
}

/** A gate and its key. */
export function gate(): { readonly closed: Promise<void>; open(): void } {
  let open = (): void => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open: () => open() };
}
