/** What lies at a path: nothing where a name cannot be looked at, whatever the system says of it. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fileStatus } from "../../src/util/file-status.js";

const root = mkdtempSync(join(tmpdir(), "file-status-"));
writeFileSync(join(root, "a.jpg"), "abc");
symlinkSync(join(root, "circle"), join(root, "circle"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("says what lies there", () => {
  expect(fileStatus(join(root, "a.jpg"))?.size).toBe(3);
  expect(fileStatus(root)?.isDirectory()).toBe(true);
});

it.each(["none", "a.jpg/", "a.jpg/b", "circle", "x".repeat(5000), "a\0b"])("is null for %j", (name) => {
  expect(fileStatus(`${root}/${name}`)).toBeNull();
});
