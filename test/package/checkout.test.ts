/** A fresh checkout after `npm ci`: the command line builds itself, once, says so where nobody parses it, and keeps up with the sources. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { run } from "./programs.js";

const root = join(import.meta.dirname, "..", "..");
const checkout = join(inject("installed").home, "checkout");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const building = /^tensorone: building dist\//;

describe("in a checkout", () => {
  beforeAll(() => {
    mkdirSync(checkout);
    const settings = ["package.json", "tsconfig.json", "tsconfig.build.json", "vite.studio.config.ts"];
    for (const name of [...settings, "bin", "scripts", "src", "studio"])
      cpSync(join(root, name), join(checkout, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"), "dir");
  });

  const byNode = () => run(process.execPath, ["bin/tensorone.js", "--version"], checkout);

  it("npx tensorone builds what was never built, and says so on stderr", () => {
    const { code, stdout, stderr } = run("npx", ["tensorone", "--version"], checkout);
    expect([code, stdout.trim()], stderr).toEqual([0, version]);
    expect(stderr).toMatch(building);
  });

  it("does nothing where nothing has changed: --json is one object, and stderr has no word of a build", () => {
    const { stdout, stderr } = run(
      "npm",
      ["run", "-s", "tensorone", "--", "summary", "mobileone_s0", "--json"],
      checkout,
    );
    expect(JSON.parse(stdout)).toMatchObject({ model: "mobileone_s0" });
    expect(stderr).not.toMatch(building);
  });

  it("builds when a file is newer, and takes away what has no source any more", () => {
    const extra = join(checkout, "src", "extra.ts");
    writeFileSync(extra, "export const extra = 1;\n");
    expect(byNode().stderr).toMatch(building);
    expect(existsSync(join(checkout, "dist", "extra.js"))).toBe(true);
    rmSync(extra);
    expect(byNode().stderr).toMatch(building);
    expect(existsSync(join(checkout, "dist", "extra.js"))).toBe(false);
    const now = new Date();
    utimesSync(join(checkout, "src", "index.ts"), now, now);
    expect(byNode().stderr).toMatch(building);
    expect(byNode().stderr).toBe("");
  });

  it("ends with 1 and the compiler's words where the sources do not compile", () => {
    const broken = join(checkout, "src", "broken.ts");
    writeFileSync(broken, "export const broken: number = 'text';\n");
    const { code, stdout, stderr } = byNode();
    rmSync(broken);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("src/broken.ts(1,14)");
  });
});
