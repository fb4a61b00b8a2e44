/** A thread that reads pictures and ends while nobody waits for it is named by the next task, as one that ends at work is. */
import { EventEmitter } from "node:events";
import { expect, it, vi } from "vitest";

const started: EventEmitter[] = [];
vi.mock("node:worker_threads", () => ({
  Worker: class extends EventEmitter {
    constructor() {
      super();
      started.push(this);
    }
    ref(): void {}
    unref(): void {}
    postMessage(): void {}
    async terminate(): Promise<void> {
      this.emit("exit");
    }
  },
}));

const { DecodePool } = await import("../../src/data/reading/decode-pool.js");
const options = {} as ConstructorParameters<typeof DecodePool>[1];
const job = { sources: [] } as unknown as Parameters<InstanceType<typeof DecodePool>["run"]>[1];

it.each([
  ["Out of memory", "data worker 1: stopped (Out of memory), expected to be running"],
  [null, "data worker 1: stopped (it ended), expected to be running"],
])("that ended by itself (%s)", async (reason, message) => {
  started.length = 0;
  const pool = new DecodePool(2, options);
  if (reason !== null) started[1]?.emit("error", new Error(reason));
  started[1]?.emit("exit");
  await expect(pool.run("read" as never, job as never)).rejects.toThrow(message);
});

it("that was closed", async () => {
  const pool = new DecodePool(2, options);
  await pool.close();
  await expect(pool.run("read" as never, job as never)).rejects.toThrow("data workers: closed, expected to be running");
});
