/** The file is named whatever the system refuses. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeFileAtomic, writeFileAtomicSync } from "../../src/util/atomic-file.js";
import { hashFile } from "../../src/util/file-hash.js";
import { namingPath, namingPathSync, withPath } from "../../src/util/io-error.js";

const folder = mkdtempSync(join(tmpdir(), "io-error-"));
afterAll(() => rmSync(folder, { recursive: true }));
const dist = join(import.meta.dirname, "../../dist");
const systemError = (path?: string) =>
  Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
    ...(path && { path }),
  });

describe("an error of the system", () => {
  it("gets the path that it lacks, and keeps the one it has", async () => {
    const full = "ENOSPC: no space left on device, write '/runs/log.jsonl'";
    await expect(namingPath("/runs/log.jsonl", () => Promise.reject(systemError()))).rejects.toMatchObject({
      message: full,
      code: "ENOSPC",
      path: "/runs/log.jsonl",
    });
    const refused = () => {
      throw systemError();
    };
    expect(() => namingPathSync("/runs/log.jsonl", refused)).toThrow(full);
    expect(withPath(systemError("/other"), "/runs/log.jsonl")).toMatchObject({ path: "/other" });
    const ours = new Error("no error of the system");
    expect(withPath(ours, "/runs")).toBe(ours);
    expect(ours.message).toBe("no error of the system");
  });

  it("names a folder that was read as a file", async () => {
    await expect(hashFile(folder)).rejects.toThrow(`EISDIR: illegal operation on a directory, read '${folder}'`);
  });

  it("names the file that was to be written, not the temporary one", async () => {
    const path = join(folder, "missing", "model.safetensors");
    await expect(writeFileAtomic(path, "x")).rejects.toThrow(`ENOENT: no such file or directory, open '${path}'`);
    expect(() => writeFileAtomicSync(path, "x")).toThrow(`ENOENT: no such file or directory, open '${path}'`);
    await expect(writeFileAtomic(folder, "x")).rejects.toThrow(new RegExp(`(EISDIR|ENOTEMPTY|EEXIST).* '${folder}'$`));
  });

  it("names it where the file may not grow further, and leaves nothing", () => {
    const program = `import { writeFileAtomic } from ${JSON.stringify(join(dist, "util/atomic-file.js"))};
      await writeFileAtomic("large.bin", new Uint8Array(1 << 20)).catch(({ message }) => console.log(message));`;
    const words = ["-c", 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, program];
    const { stdout, stderr } = spawnSync("bash", words, { cwd: folder, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("EFBIG: file too large, write 'large.bin'\n");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("names standard output on a full disk, in one line", () => {
    const words = ["-c", 'exec "$0" "$1" --help > /dev/full', process.execPath, join(dist, "cli/main.js")];
    const { status, stderr } = spawnSync("bash", words, { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, "error: ENOSPC: no space left on device, write 'standard output'\n"]);
  });
});
