/**
 * The TypeScript, JavaScript and HTML of README, CONTRIBUTING, docs/ and public docstrings: compiled under strict, and run. A
 * block that cannot run gives its reason in the comment before it (blocks.ts), and is listed here.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executable, launchChromium } from "../browser/chromium.js";
import { blocksIn, packageRoot, pageBlocks, unexplained } from "./blocks.js";
import { examples, importsFor } from "./examples.js";
import { importMaps, moduleScripts } from "./html.js";
import { makeProject, type Project, programsOf } from "./programs.js";

/** "" is for what a terminal shows; yaml and sh are read by shell.test.ts. */
const languages = ["", "ts", "html", "json", "sh", "yaml", "ini", "dockerfile"];
const written = (language: string) => pageBlocks.filter((block) => block.language === language);
const programs = programsOf(written("ts"));
const listings = written("html");

/** Programs take seconds each on a quiet machine. */
const PATIENCE_MS = 400_000;

/** What is wrong here must be heard of, by its line. */
const faulty = programsOf(
  blocksIn("docs/faulty.md", [
    "# Two mistakes",
    "<!-- test: given model from test/docs/given/checkpoint.ts -->",
    "```ts",
    "const three: string = model.variant;",
    "```",
    "<!-- test: continues -->",
    "```ts",
    "throw new Error(three);",
    "```",
  ]),
);

let project: Project;
let ofExamples: ReturnType<typeof programsOf>;
beforeAll(async () => {
  const [main, node] = await Promise.all(
    ["index", "node"].map(async (entry) => Object.keys(await import(join(packageRoot, "dist", `${entry}.js`)))),
  );
  ofExamples = programsOf(examples, ({ code }) => importsFor(code, main!, node!));
  project = await makeProject([...programs, ...listings.flatMap(moduleScripts), ...ofExamples, ...faulty]);
});
afterAll(() => project?.remove());

/** Whether a line of the compiler is about the page that is wrong. */
const isFaulty = (line: string): boolean => line.startsWith("docs/faulty.md");

it("every block is in a language that a test reads", () => {
  expect(pageBlocks.filter(({ language }) => !languages.includes(language))).toEqual([]);
  for (const { code } of written("json")) JSON.parse(code.join("\n"));
});

it("all of it compiles under strict", () => {
  expect(project.complaints.filter((line) => !isFaulty(line))).toEqual([]);
});

it("what is wrong is told by its line, to the compiler's and to Node's knowledge", async () => {
  expect(project.complaints.filter(isFaulty)).toEqual([expect.stringMatching(/^docs\/faulty\.md:4: error TS2322/)]);
  const [thrown] = Object.values(await project.runTogether(faulty));
  expect(thrown).toMatch(/^Error: .*faulty\.md\.3\.ts:8:/s);
});

it("a test comment says one of three things, before a block", () => {
  const page =
    (...lines: string[]) =>
    () =>
      blocksIn("page.md", [...lines, "```ts", "```"]);
  expect(page("<!-- test: skip -->")).toThrow(/page\.md:2: the comment says "skip", expected continues/);
  expect(page("<!-- test: not run: slow -->", "words")).toThrow(/page\.md:2: a test comment stands before something/);
  expect(() => blocksIn("page.md", ["", "```ts", "1"])).toThrow(/page\.md:2: this fence is never closed/);
  expect(() => programsOf(page("<!-- test: continues -->")())).toThrow(/no block of its page stands before it/);
});

describe("programs of pages", () => {
  it("the few that do not run here say why", () => {
    expect(unexplained(programs, 5)).toEqual([]);
  });

  for (const program of programs.filter(({ notRun }) => notRun === null))
    it(`${program.name} runs`, () => project.run(program), PATIENCE_MS);
});

it(
  "examples of docstrings run",
  async () => {
    expect(await project.runTogether(ofExamples.filter(({ notRun }) => notRun === null))).toEqual({});
  },
  PATIENCE_MS,
);

describe("pages of HTML", () => {
  it.each(
    listings.map((block) => [`${block.page}:${block.line}`, block] as const),
  )("%s has import maps of JSON", (_, block) => {
    for (const map of importMaps(block)) expect(map).toEqual({ imports: expect.any(Object) });
  });

  describe.skipIf(executable === undefined)("in Chromium", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());

    for (const block of listings.filter(({ notRun }) => notRun === null))
      it(`${block.page}:${block.line} runs`, { timeout: PATIENCE_MS }, async () => {
        const page = await browser.newPage();
        const said: string[] = [];
        const problems: string[] = [];
        page.on("console", (message) => void (message.type() === "error" ? problems : said).push(message.text()));
        page.on("pageerror", (error) => problems.push(error.message));
        const listing = block.code.join("\n");
        const body = listing.replace(/(<script type="module">[\s\S]*?)(<\/script>)/, "$1globalThis.isOver = true;$2");
        await page.route("http://localhost/**", async (route) => {
          const path = new URL(route.request().url()).pathname;
          const file = path.replace(/^\/node_modules\/tensorone\//, "/");
          if (path === "/")
            await route.fulfill({
              contentType: "text/html",
              body: `<!doctype html><link rel="icon" href="data:,">${body}`,
            });
          else await route.fulfill({ contentType: "text/javascript", body: await readFile(join(packageRoot, file)) });
        });
        await page.goto("http://localhost/");
        await page
          .waitForFunction("globalThis.isOver", undefined, { timeout: PATIENCE_MS / 2 })
          .catch((error: Error) => problems.push(error.message));
        await page.close();
        expect(problems).toEqual([]);
        expect(said.length, "lines in the console").toBeGreaterThan(0);
      });
  });
});
