/**
 * The built declarations in a strict project of ES2022 alone, and what it may write with them. TYPES_TSC=FILE[,FILE] names
 * other compilers to ask besides the installed one (the bin/tsc of a TypeScript package).
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Consumer, installedTsc, makeConsumer, packageRoot } from "./consumer.js";
import { programs } from "./programs.js";

/** Globals that a project has only with the types of DOM, WebGPU, Node or a later ES. */
const hostNames =
  /\b(AbortSignal|URL|Blob|File|Response|Worker|MessagePort|EventTarget|ReadableStream|ImageData|ImageBitmap|\w*Canvas\w*|HTML\w+|GPU[A-Z]\w+|WebAssembly|Buffer|NodeJS|Disposable|AsyncDisposable)\b|\[Symbol\.(async)?[dD]ispose\]/;

const compilers = [installedTsc, ...(process.env.TYPES_TSC?.split(",") ?? [])];

/** A declaration without its comments. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/(?!\/ *<).*$/gm, "");

describe("a strict project without the types of any host", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await makeConsumer(programs);
  });
  afterAll(() => consumer?.remove());

  for (const [i, tsc] of compilers.entries())
    for (const moduleResolution of ["nodenext", "bundler"] as const)
      for (const exactOptionalPropertyTypes of [true, false])
        it(`compiles with ${i === 0 ? "the installed compiler" : tsc}, ${moduleResolution}, exactOptionalPropertyTypes ${exactOptionalPropertyTypes}`, async () => {
          expect(await consumer.check({ tsc, moduleResolution, exactOptionalPropertyTypes })).toEqual([]);
        });

  it("reaches every declaration of the build, and in none a global of a host or a reference", async () => {
    const reached = await consumer.reached();
    expect(reached).toEqual(expect.arrayContaining(["dist/index.d.ts", "dist/node.d.ts"]));
    const built = readdirSync(join(packageRoot, "dist"), { recursive: true, encoding: "utf8" });
    const declarations = built.filter((name) => name.endsWith(".d.ts")).map((name) => `dist/${name}`);
    expect([...reached].sort()).toEqual(declarations.sort());
    const texts = await Promise.all(reached.map((file) => readFile(join(packageRoot, file), "utf8")));
    const offending = texts.flatMap((text, i) =>
      codeOf(text)
        .split("\n")
        .filter((line) => hostNames.test(line) || line.includes("/// <reference"))
        .map((line) => `${reached[i]}: ${line.trim()}`),
    );
    expect(offending).toEqual([]);
  });

  it("hears of a global that it has not", async () => {
    const other = await makeConsumer({ "main.ts": "export declare const signal: AbortSignal;\n" });
    const said = await other.check({ moduleResolution: "nodenext", exactOptionalPropertyTypes: true });
    await other.remove();
    expect(said).toEqual([expect.stringMatching(/^main\.ts\(1,\d+\): error TS2304.*AbortSignal/)]);
  });
});
