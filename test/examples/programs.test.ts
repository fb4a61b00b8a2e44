/** The programs of examples/: compiled under strict against the built package, run, and what they print. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeProject, type Project } from "../docs/programs.js";
import { checks, examplePrograms, modules } from "./programs.js";

/** Programs take seconds each on a quiet machine. */
const PATIENCE_MS = 400_000;
/** Lines that a newcomer reads at once, and those of a network that is ported. */
const [SHORT, LONG] = [60, 150];

const nameOf = (file: string): string => file.replace("examples/", "");

let project: Project;
beforeAll(async () => {
  project = await makeProject(examplePrograms);
}, PATIENCE_MS);
afterAll(() => project?.remove());

it("each compiles under strict", () => {
  expect(project.complaints).toEqual([]);
});

it("each has a check or is imported by one that has, and is short", () => {
  expect(examplePrograms.map(({ file }) => nameOf(file)).sort()).toEqual([...Object.keys(checks), ...modules].sort());
  const tooLong = examplePrograms.filter(
    ({ file, text }) => text.trimEnd().split("\n").length > (modules.includes(nameOf(file)) ? LONG : SHORT),
  );
  expect(tooLong.map(({ file }) => file)).toEqual([]);
});

it.each(Object.entries(checks))("%s runs", { timeout: PATIENCE_MS }, async (name, check) => {
  check(await project.run(examplePrograms.find(({ file }) => nameOf(file) === name)!));
});
