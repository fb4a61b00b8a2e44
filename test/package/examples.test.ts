/** The programs of examples/ where the packed package is installed: compiled, run, and what they print. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { makeProject, type Project } from "../docs/programs.js";
import { checks, examplePrograms } from "../examples/programs.js";

const installed = join(inject("installed").project, "node_modules", "tensorone");
const PATIENCE_MS = 400_000;

let project: Project;
beforeAll(async () => {
  project = await makeProject(examplePrograms, installed);
}, PATIENCE_MS);
afterAll(() => project?.remove());

it("the package holds them, and they compile under strict", () => {
  expect(examplePrograms.filter(({ page }) => !existsSync(join(installed, page)))).toEqual([]);
  expect(project.complaints).toEqual([]);
});

it.each(Object.entries(checks))("%s runs", { timeout: PATIENCE_MS }, async (name, check) => {
  check(await project.run(examplePrograms.find(({ file }) => file === `examples/${name}`)!));
});
