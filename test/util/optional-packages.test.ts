/** The table of optional packages, package.json and what a checkout installs say the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GPUJS_VERSION, installLine } from "../../src/util/optional-packages.js";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"));

test("the line that adds gpu.js and webgpu names versions that the peers take, and that the checkout tests", () => {
  const line = installLine("gpu.js", "webgpu");
  expect(line).toBe(`npm i gpu.js@${manifest.devDependencies["gpu.js"]} webgpu@${manifest.devDependencies.webgpu}`);
  expect(manifest.peerDependencies["gpu.js"]).toBe(GPUJS_VERSION);
  expect(manifest.peerDependencies.webgpu.replace("^", "")).toBe(manifest.devDependencies.webgpu);
});

test("packages of any version are named without one", () => {
  expect(installLine("sharp")).toBe("npm i sharp");
});

test("nobody gets a native package unasked: they are optional peers, and nothing is an optional dependency", () => {
  const peers = Object.keys(manifest.peerDependencies);
  expect(peers).toEqual(expect.arrayContaining(["gpu.js", "koffi", "sharp", "webgpu"]));
  expect(peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([]);
  expect(manifest.optionalDependencies).toBeUndefined();
});
