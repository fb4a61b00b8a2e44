/** Reports of run folders in every state: a run of an earlier version, one without pictures, without a model, killed at once. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { variants } from "../../src/models/index.js";
import { type ReportOptions, writeReport } from "../../src/report/report.js";
import { packageRoot } from "../docs/blocks.js";

const versions = join(packageRoot, "test", "golden", "versions");
const demo = join(packageRoot, "demo", "fashion-mnist");
/** Of 500 pictures. */
const FEW = 40;

const scratch = mkdtempSync(join(tmpdir(), "tensorone-report-"));
const run = join(scratch, "run");
beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  const { tiny } = (await import(join(versions, "with-tiny.mjs"))) as { tiny: (typeof variants)["mobileone_s0"] };
  Object.assign(variants, { mobileone_tiny: tiny });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(run, { recursive: true, force: true });
  cpSync(join(versions, "ca69399", "run"), run, { recursive: true });
});

async function report(options: ReportOptions = {}): Promise<{ page: string; missing: string[] }> {
  const { path } = await writeReport(run, { mostImages: FEW, decoder: "jpeg-js", ...options });
  const page = readFileSync(path, "utf8");
  return { page, missing: [...page.matchAll(/<p class="missing">([^<]*)<\/p>/g)].map(([, reason]) => reason!) };
}
const remove = (...names: string[]): void => {
  for (const name of names) rmSync(join(run, name), { recursive: true, force: true });
};

describe("a report of", () => {
  it("a whole run has everything but what its version did not keep", async () => {
    const { page, missing } = await report({ data: demo });
    expect(missing).toEqual([
      expect.stringContaining("The command line was not kept"),
      expect.stringContaining("No machine.json"),
    ]);
    expect(page).toContain(`Only ${FEW} of 500 pictures`);
    expect(page).toMatch(/same answer<\/th><td>8 of 8 probe pictures/);
    expect(page.match(/<img /g)!.length).toBeGreaterThan(3);
    expect(page).not.toContain("report.html</a>");
  });

  it("a run that was gone on with shows both of its commands, as text", async () => {
    writeFileSync(join(run, "command.txt"), "npx tensorone train --out '<b>'\nnpx tensorone train --resume '<b>'\n");
    const { page } = await report({ mostImages: 0 });
    expect(page).toContain(
      "<h3>Commands</h3><pre>npx tensorone train --out &#39;&lt;b&gt;&#39;\nnpx tensorone train --resume &#39;&lt;b&gt;&#39;\n</pre>",
    );
  });

  it("a run whose pictures are gone, whose model stays", async () => {
    const { page, missing } = await report({ data: join(scratch, "nowhere") });
    expect(missing).toContainEqual(expect.stringMatching(/^The pictures are not where the run found them: .*nowhere/));
    expect(missing).toContainEqual(expect.stringMatching(/^There are no validation pictures: /));
    expect(page).toContain("probe pictures");
  });

  it("a run that does not say where its pictures are", async () => {
    const { missing } = await report();
    expect(missing).toContainEqual(expect.stringContaining("report --data DIR names them"));
  });

  it("a run that kept its best epoch asks that one", async () => {
    cpSync(join(run, "model.safetensors"), join(run, "best.safetensors"));
    const { page } = await report({ data: demo });
    expect(page).toContain("The weights of <code>best.safetensors</code>, folded, on");
  });

  it("pictures of other classes are not asked about", async () => {
    const other = join(scratch, "other");
    cpSync(join(demo, "val"), join(other, "val"), { recursive: true });
    rmSync(join(other, "val", "00_t-shirt"), { recursive: true });
    const { missing } = await report({ data: other });
    expect(missing).toContainEqual(expect.stringMatching(/^The answers were not measured: .*10 classes.* 9/));
  });

  it("a damaged picture is named and left out", async () => {
    const broken = join(scratch, "broken");
    cpSync(join(demo, "val"), join(broken, "val"), { recursive: true });
    writeFileSync(join(broken, "val", "00_t-shirt", "000.jpg"), "no picture");
    const { page } = await report({ data: broken });
    expect(page).toMatch(/1 of them cannot be read, and are left out<\/summary><ul><li>[^<]*000\.jpg[^<]*<\/li><\/ul>/);
    expect(page).toContain(`Only ${FEW - 1} of 500 pictures`);
  });

  it("a run that was killed before it had a model", async () => {
    remove("model.safetensors", "model-deploy.safetensors", "checkpoints", "run.json");
    const { page, missing } = await report();
    expect(missing).toContainEqual(expect.stringMatching(/^The model cannot be looked at: /));
    expect(missing).toContainEqual(expect.stringMatching(/^No checkpoint can be read/));
    expect(page).toContain('id="plot-loss"');
  });

  it("a run that wrote nothing but an empty log, in which no line is whole", async () => {
    remove("model.safetensors", "model-deploy.safetensors", "checkpoints", "run.json");
    writeFileSync(join(run, "log.jsonl"), '{"kind":"train","ep');
    const { page, missing } = await report();
    expect(missing).toContain("log.jsonl holds no step yet.");
    expect(page).toContain("no step done yet");
  });

  it("a run without validation", async () => {
    const path = join(run, "log.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, lines.filter((line) => !line.includes('"val"')).join("\n"));
    const { page, missing } = await report({ mostImages: 0, data: demo });
    expect(missing).toContainEqual(expect.stringMatching(/^No validation: /));
    expect(missing).toContain("The report was told to look at no pictures.");
    expect(page).not.toContain('id="plot-accuracy"');
  });

  it("no run is refused, and an own name is taken", async () => {
    const empty = join(scratch, "empty");
    mkdirSync(empty, { recursive: true });
    await expect(writeReport(empty)).rejects.toThrow(/report: .*empty is no run folder, expected one with log\.jsonl/);
    const out = join(scratch, "of.html");
    expect((await writeReport(run, { out, mostImages: 0 })).path).toBe(out);
    expect(readFileSync(out, "utf8")).toContain("<h1>run</h1>");
  });
});
