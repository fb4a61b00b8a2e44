/** Every document, section, link and source file that a comment or a document names is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, citationFaults, type Fault, linkFaults, pathFaults, type Tree } from "./references.js";

const root = join(import.meta.dirname, "../..");
const repository: Tree = {
  has: (path) => existsSync(join(root, path)),
  read: (path) => readFileSync(join(root, path), "utf8"),
};

/** What is fetched or built, not written. */
const foreign = /(^|\/)(node_modules|vulkan|newest-node)\//;
const filesIn = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => pattern.test(path) && !foreign.test(path));

const code = ["src", "bench", "test", "scripts"].flatMap((folder) => filesIn(folder, /\.(ts|mjs|py)$/));
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "bench", "demo"].flatMap((folder) => filesIn(folder, /\.md$/)),
];
const show = ({ file, line, text }: Fault): string => `${file}:${line}  ${text}`;

/** Pages that a program writes where it is told to. */
const written = new Set(["measured.md", "MODEL_CARD.md", "FILE.md", "s0.md"]);

describe("the repository", () => {
  it("has every document and section that its code names", () => {
    // this folder's own examples of faults
    const own = code.filter((file) => !file.startsWith("test/docs/"));
    const faults = own.flatMap((file) => citationFaults(repository, file)).filter(({ text }) => !written.has(text));
    expect(faults.map(show)).toEqual([]);
  });

  it("has what its markdown files link to", () => {
    expect(documents.flatMap((file) => linkFaults(repository, file)).map(show)).toEqual([]);
  });

  it("has the source files that its markdown files name", () => {
    expect(documents.flatMap((file) => pathFaults(repository, file)).map(show)).toEqual([]);
  });
});

describe("a fault is found", () => {
  const texts: Readonly<Record<string, string>> = {
    "docs/guide.md": "# Guide\n\n## 1. One\n\n### 1.2 Two `words`\n\n## Notes\n\n## Notes\n",
    "src/a/right.ts": "// guide.md 1, docs/guide.md 1.2, guide.md#notes-1",
    "src/a/wrong.ts": "// lost.md\n// guide.md 3\n// guide.md, section 1.3\n// guide.md#none",
    "README.md":
      "[a](docs/guide.md#notes) `a/right.ts` [b](docs/lost.md)\n[c](#none) [d](https://x.org/y.md)\n`src/a/lost.ts`\n```\n[e](f)\n```\n",
  };
  const tree: Tree = { has: (path) => path in texts, read: (path) => texts[path]! };

  it("in comments", () => {
    expect(citationFaults(tree, "src/a/right.ts")).toEqual([]);
    expect(citationFaults(tree, "src/a/wrong.ts").map(({ line, text }) => [line, text])).toEqual([
      [1, "lost.md"],
      [2, "guide.md 3"],
      [3, "guide.md, section 1.3"],
      [4, "guide.md#none"],
    ]);
  });

  it("in links and paths", () => {
    expect(linkFaults(tree, "README.md").map(({ text }) => text)).toEqual(["docs/lost.md", "#none"]);
    expect(pathFaults(tree, "README.md").map(({ text }) => text)).toEqual(["src/a/lost.ts"]);
  });

  it("by GitHub's anchors", () => {
    expect(anchorsOf(texts["docs/guide.md"]!)).toEqual(["guide", "1-one", "12-two-words", "notes", "notes-1"]);
  });
});
