/** The installed package's types under three TypeScripts, strict, with no library but ES2022 and no types of any host. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Consumer, makeConsumer } from "../types/consumer.js";
import { programs } from "../types/programs.js";
import { missing, run, said, tool } from "./programs.js";

const { project } = inject("installed");
const compilers = ["5.9", "6.0", "7.0"].map((version) => ({
  version,
  tsc: tool(`typescript-${version}`, "bin", "tsc"),
}));

describe.skipIf(missing(compilers[0]!.tsc) !== false)("a strict project compiles with TypeScript", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await makeConsumer(programs, join(project, "node_modules", "tensorone"));
  });
  afterAll(() => consumer?.remove());

  describe.each(compilers)("$version", ({ version, tsc }) => {
    it("is that version", () => {
      expect(said(run(process.execPath, [tsc, "--version"], project), tsc)).toContain(`Version ${version}.`);
    });

    it.each(["nodenext", "bundler"] as const)("moduleResolution %s", async (moduleResolution) => {
      for (const exactOptionalPropertyTypes of [true, false])
        expect(await consumer.check({ tsc, moduleResolution, exactOptionalPropertyTypes })).toEqual([]);
    });
  });
});
