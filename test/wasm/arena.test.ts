import { describe, expect, it } from "vitest";
import { ALIGNMENT, Arena, type Block } from "../../src/backends/wasm/runtime/arena.js";
import { Random } from "../../src/tensor/random.js";

describe("arena", () => {
  it("never overlaps blocks, keeps them aligned, and merges all of them back", () => {
    const random = new Random(3);
    const arena = new Arena(true, 256 << 20);
    const live: Block[] = [];
    let bytes = 0;
    for (let step = 0; step < 5000; step++) {
      if (live.length > 0 && (random.uniform() < 0.5 || live.length > 200)) {
        const index = Math.floor(random.uniform() * live.length);
        const [block] = live.splice(index, 1);
        bytes -= block!.bytes;
        arena.free(block!);
      } else {
        const wanted = Math.floor(2 ** (random.uniform() * 19));
        const block = arena.allocate(wanted);
        expect(block.bytes).toBeGreaterThanOrEqual(wanted);
        expect(block.pointer % ALIGNMENT).toBe(0);
        live.push(block);
        bytes += block.bytes;
      }
      if (step % 50 === 0) {
        const sorted = [...live].sort((a, b) => a.pointer - b.pointer);
        for (let i = 1; i < sorted.length; i++)
          expect(sorted[i - 1]!.pointer + sorted[i - 1]!.bytes).toBeLessThanOrEqual(sorted[i]!.pointer);
        const last = sorted.at(-1);
        if (last) expect(last.pointer + last.bytes).toBeLessThanOrEqual(arena.memory.buffer.byteLength);
        expect(arena.stats.liveBytes).toBe(bytes);
      }
    }
    for (const block of live) arena.free(block);
    expect(arena.stats).toMatchObject({ liveBytes: 0, liveBlocks: 0 });
    const before = arena.memory.buffer.byteLength;
    arena.free(arena.allocate(before - 65536));
    expect(arena.memory.buffer.byteLength).toBe(before);
  });

  it("reuses what was freed instead of growing", () => {
    const arena = new Arena(true);
    const a = arena.allocate(1000);
    const b = arena.allocate(1000);
    const c = arena.allocate(1000);
    arena.free(a);
    arena.free(b);
    expect(arena.allocate(2000).pointer).toBe(a.pointer);
    arena.free(c);
  });

  it("works without shared memory", () => {
    const arena = new Arena(false);
    const block = arena.allocate(40 << 20);
    expect(arena.memory.buffer.byteLength).toBeGreaterThanOrEqual(block.pointer + block.bytes);
  });

  it("says what holds the memory when it is full, and refuses a second free", () => {
    const arena = new Arena(true, 64 << 20);
    const blocks = [arena.allocate(20 << 20), arena.allocate(20 << 20), arena.allocate(1 << 20)];
    expect(() => arena.allocate(30 << 20)).toThrow(
      /no room for 30\.0 MiB; 41\.0 MiB of 64\.0 MiB are held by 3 .*largest: 2 × 20\.0 MiB, 1 × 1\.0 MiB.*hint: /s,
    );
    for (const block of blocks) arena.free(block);
    expect(() => arena.free(blocks[0]!)).toThrow(/freed twice/);
    arena.free(arena.allocate(60 << 20));
  });
});
