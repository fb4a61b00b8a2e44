import { expect, test } from "vitest";
import { workerEntry } from "../../src/util/worker-entry.js";

test.each([
  ["file:///home/me/src/tensorone/src/data/loader.ts", "file:///home/me/src/tensorone/dist/data/entry.js"],
  ["file:///opt/tensorone/dist/data/loader.js", "file:///opt/tensorone/dist/data/entry.js"],
])("next to %s", (base, expected) => {
  expect(workerEntry("./entry.js", base).href).toBe(expected);
  expect(workerEntry("./entry.js", new URL(base)).href).toBe(expected);
});
