/** Help, version, --json: the parts of the face that need no model. */
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { tensorone } from "./spawn.js";

const commands = ["train", "eval", "predict", "reparameterize", "schedule", "browse", "summary"];
const here = tmpdir();

test.each(commands)("%s --help shows usage, options and an example", (name) => {
  const { code, stdout, stderr } = tensorone([name, "--help"], here);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`usage: tensorone ${name}`);
  expect(stdout).toMatch(new RegExp(`examples:\n  tensorone ${name}`));
  expect(stdout).toContain("--json");
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(tensorone(["help", name], here).stdout).toBe(stdout);
});

test("the list of commands, on request and without a command", () => {
  const asked = tensorone(["--help"], here);
  expect(asked.code).toBe(0);
  for (const name of [...commands, "bench"]) expect(asked.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  expect(tensorone([], here)).toMatchObject({ code: 2, stdout: asked.stdout });
});

test("--version", () => {
  expect(tensorone(["--version"], here)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test("an unknown command names the nearest", () => {
  const { code, stderr } = tensorone(["trian"], here);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: tensorone: unknown command trian, the nearest is train\n {2}hint: /);
});

test("summary as a table", () => {
  const { code, stdout } = tensorone(["summary", "mobileone_s0"], here);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^parameters +5,293,272 +2,078,504$/m);
  expect(stdout).toMatch(/^MACs +1,051,935,232 +275,110,400$/m);
  expect(stdout).toMatch(/^stage4\.1 +pointwise 1x1 +256 -> 1024 /m);
});

test("--json leaves exactly one object on stdout and the rest on stderr", () => {
  const { code, stdout, stderr } = tensorone(["summary", "mobileone_s0", "--json"], here);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({
    model: "mobileone_s0",
    totals: { train: { parameters: 5_293_272 }, deploy: { parameters: 2_078_504 } },
  });
  expect(stderr).toContain("stage4.1");
});

test("--json holds for errors", () => {
  const { code, stdout, stderr } = tensorone(["summary", "mobileone_s9", "--json"], here);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    error: {
      name: "UsageError",
      message: "summary: unknown model mobileone_s9, the nearest is mobileone_s0",
      hint: expect.stringContaining("mobileone_s4"),
    },
  });
  expect(stderr).toMatch(/^error: /);
});

test("a stack only under DEBUG=tensorone", () => {
  expect(tensorone(["summary", "x"], here).stderr).not.toContain("    at ");
  expect(tensorone(["summary", "x"], here, { DEBUG: "tensorone" }).stderr).toContain("    at ");
});
