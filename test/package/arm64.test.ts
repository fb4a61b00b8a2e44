/**
 * Linux on arm64, by Debian's qemu-user and the registry's Node for it: ten training steps of S0 and the conformance grid but for its
 * large cases, with the bits of x64. A machine with fused multiply-add on both sides; the emulator computes it exactly.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { placeBits } from "./place-bits.js";
import { missing, run, runtimes, said } from "./programs.js";

const { home, project } = inject("installed");
const emulator = "/usr/bin/qemu-aarch64";
/** Where Debian's cross libraries are: Node asks for the C and C++ libraries of its processor. */
const libraries = "/usr/aarch64-linux-gnu";
const hint = "apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross";
const node = join(import.meta.dirname, "tools-arm64", "node_modules", "node-arm64-24", "bin", "node");
const { program: x64 } = runtimes.find(({ name }) => name === "Node 24")!;
/** Forty seconds of a quiet core each. */
const SLOW_MS = 580_000;

const reason =
  missing(emulator, hint) || missing(`${libraries}/lib/libstdc++.so.6`, hint) || missing(node) || missing(x64);

describe.skipIf(reason !== false)("Node on arm64", () => {
  let bits: string;
  beforeAll(() => {
    bits = placeBits(join(home, "bits-of-arm64"), join(project, "node_modules"));
    expect(existsSync(bits)).toBe(true);
  });

  const emulated = (...args: string[]): string =>
    said(run(emulator, ["-L", libraries, node, ...args], home, {}, SLOW_MS), "Node on arm64");
  const here = (...args: string[]): string => said(run(x64, args, home), "Node on x64");

  it("is arm64", () => {
    expect(emulated("-p", "process.arch").trim()).toBe("arm64");
  });

  it.each([
    ["ten steps of S0", "steps"],
    ["the conformance grid, outputs and gradients", "grid"],
  ])(
    "%s, to the bits of x64",
    (_, what) => {
      const expected = JSON.parse(here(bits, what)) as object;
      expect(Object.keys(expected).length).toBeGreaterThanOrEqual(10);
      expect(JSON.parse(emulated(bits, what))).toEqual(expected);
    },
    SLOW_MS,
  );
});
