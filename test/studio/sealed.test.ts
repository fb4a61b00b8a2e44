/** A value in storage that is cut off or damaged while it is written leaves the one before it. */
import { expect, it } from "vitest";
import type { ProjectFiles } from "../../studio/worker/storage/files.js";
import { Sealed } from "../../studio/worker/storage/sealed.js";

/** Files in memory; `cut` bytes of the next write arrive, then it fails. */
class Files implements ProjectFiles {
  readonly kind = "memory";
  readonly held = new Map<string, Uint8Array<ArrayBuffer>>();
  cut: number | null = null;

  async read(name: string) {
    return this.held.get(name) ?? null;
  }

  async write(name: string, bytes: Uint8Array) {
    this.held.set(name, Uint8Array.from(bytes.subarray(0, this.cut ?? bytes.length)));
    if (this.cut !== null) throw new Error("cut");
  }

  async remove(name: string) {
    this.held.delete(name);
  }

  async clear() {
    this.held.clear();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const textOf = (value: Uint8Array | null) => value && new TextDecoder().decode(value);

it("is the newest of what was written whole", async () => {
  const files = new Files();
  const sealed = new Sealed(files, "x");
  expect(await sealed.read()).toBeNull();
  for (const text of ["one", "two", "three"]) await sealed.write(bytes(text));
  expect(textOf(await new Sealed(files, "x").read())).toBe("three");
  await sealed.remove();
  expect(await new Sealed(files, "x").read()).toBeNull();
});

it("is the one before, wherever a write is cut off", async () => {
  for (let cut = 0; cut < 44; cut++) {
    const files = new Files();
    const sealed = new Sealed(files, "x");
    await sealed.write(bytes("one"));
    await sealed.write(bytes("two"));
    files.cut = cut;
    await expect(sealed.write(bytes("3333"))).rejects.toThrow("cut");
    files.cut = null;
    const next = new Sealed(files, "x");
    expect(textOf(await next.read()), `${cut} bytes`).toBe("two");
    await next.write(bytes("four"));
    expect(textOf(await new Sealed(files, "x").read())).toBe("four");
  }
});

it("is the one before where any bit of the newest has turned", async () => {
  const files = new Files();
  const sealed = new Sealed(files, "x");
  await sealed.write(bytes("one"));
  await sealed.write(bytes("two"));
  const newest = files.held.get("x.0")!;
  expect(textOf(newest.slice(-3))).toBe("two");
  for (let i = 0; i < newest.length; i++) {
    newest[i]! ^= 1;
    expect(textOf(await new Sealed(files, "x").read()), `byte ${i}`).toBe("one");
    newest[i]! ^= 1;
  }
});
