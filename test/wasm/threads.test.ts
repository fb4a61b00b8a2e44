import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Kernel } from "../../src/backends/wasm/kernels/plan.js";
import { workerMain } from "../../src/backends/wasm/runtime/worker.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { ones, withBackend } from "../../src/index.js";

const backend = createWasmBackend({ threads: 2 });
afterAll(() => backend.dispose());
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** y[task] = 1000 · worker + y[task] + 1 */
const count: Kernel = {
  key: "test-count",
  emit: (m) =>
    m.run(["y", "trips"], (f, begin, end, y, trips) => {
      f.for(begin, end, 1, (task) => {
        const p = f.int(y.add(task.mul(8)));
        // a little work, so that the other thread gets some of it
        f.for(0, trips, 1, () => f.storeInt(p, 4, f.worker));
        f.storeInt(p, 0, f.loadInt(p).add(1));
      });
    }),
};
const trap: Kernel = {
  key: "test-trap",
  emit: (m) =>
    m.run(["onWorker"], (f, begin, _end, onWorker) => {
      // the thread in question traps; the other one takes its time, so that both get tasks
      f.if(f.worker.equal(onWorker), () => f.storeInt(-8, 0, begin));
      f.for(0, 100_000, 1, (i) => f.storeInt(1024, 0, i));
    }),
};

describe("threads", () => {
  const tasks = 64;
  const values = backend.allocate("int32", 2 * tasks);
  const read = () => [...backend.readSync(values, "int32", 0, 2 * tasks)];
  const clear = () => backend.write(values, "int32", 0, new Int32Array(2 * tasks));

  it("runs each task once, thousands of times, and uses both threads", async () => {
    clear();
    await pause(300);
    const seen = new Set<number>();
    // a busy machine may keep the other thread waiting: then some more
    const until = performance.now() + 20_000;
    let calls = 0;
    for (; calls < 3000 || (seen.size < 2 && performance.now() < until); calls++) {
      backend.call(count, tasks, [values.block.pointer, calls % 10 === 0 ? 2000 : 1]);
      if (calls % 100 === 0) for (let t = 0; t < tasks; t++) seen.add(read()[2 * t + 1]!);
      if (calls % 1000 === 0) await pause(5);
    }
    expect(read().filter((_, i) => i % 2 === 0)).toEqual(new Array(tasks).fill(calls));
    expect([...seen].sort()).toEqual([0, 1]);
  });

  /** Calls until the thread in question got a task, which a busy machine may delay. */
  const callTrap = (thread: number) => {
    for (const until = performance.now() + 20_000; performance.now() < until; ) backend.call(trap, 64, [thread]);
  };
  it("reports a trap on this thread and goes on", () => {
    expect(() => callTrap(0)).toThrow(/test-trap: the kernel failed: .*out of bounds/);
    clear();
    backend.call(count, tasks, [values.block.pointer, 1]);
    expect(read()[0]).toBe(1);
  });

  it("reports a trap in a worker and goes on", () => {
    expect(() => callTrap(1)).toThrow(/test-trap: the kernel failed in a worker thread: .*out of bounds/);
    clear();
    backend.call(count, tasks, [values.block.pointer, 1]);
    expect(read()[0]).toBe(1);
  });

  it("shares kernels that were loaded after the memory grew", () => {
    const far = backend.allocate("uint8", 64 << 20);
    const later: Kernel = { key: "test-count-later", emit: count.emit };
    clear();
    const seen = new Set<number>();
    for (const until = performance.now() + 20_000; seen.size < 2 && performance.now() < until; ) {
      backend.call(later, tasks, [values.block.pointer, 2000]);
      for (let t = 0; t < tasks; t++) seen.add(read()[2 * t + 1]!);
    }
    expect([...seen].sort()).toEqual([0, 1]);
    backend.free(far);
  });

  it("lets a process end although workers sleep", () => {
    const slots = JSON.stringify({ epoch: 0, open: 1, active: 2, sleeping: 3, stop: 11 });
    const script = `
      const { Worker } = require("node:worker_threads");
      const control = new SharedArrayBuffer(1024);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
      const data = { memory, control, worker: 1, spinMs: 0.2, slots: ${slots}, textOffset: 512 };
      new Worker(${JSON.stringify(`(${workerMain})(require("node:worker_threads").workerData, {})`)}, { eval: true, execArgv: [], workerData: data }).unref();
      setTimeout(() => console.log("asleep", new Int32Array(control)[3]), 300);
    `;
    expect(execFileSync(process.execPath, ["-e", script], { timeout: 10_000, encoding: "utf8" })).toBe("asleep 1\n");
  });

  it("refuses a senseless number of threads", () => {
    expect(() => createWasmBackend({ threads: 0 })).toThrow(/threads is 0, expected a positive integer/);
  });
});

describe("start()", () => {
  it("resolves when the threads have started, for backends of one thread at once", async () => {
    const one = await createWasmBackend({ threads: 1 }).start(0);
    const three = await createWasmBackend({ threads: 3 }).start(60_000);
    expect([one.threads, three.threads]).toEqual([1, 3]);
    await three.dispose();
  });
  it("warns and goes on with one where some have not started in time", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const late = createWasmBackend({ threads: 2 });
    await late.start(-1);
    expect(late.threads).toBe(1);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^wasm: 1 of 2 threads started within .* going on with one/)],
    ]);
    warn.mockRestore();
    await withBackend(late, () => expect(ones([70_000]).add(1).sum().item()).toBe(140_000));
  });
});
