/**
 * The code blocks of a document, each with what the HTML comment right before it says about its test:
 *
 *     <!-- test: continues -->                                   goes on in the program of the page's block before
 *     <!-- test: given model from test/docs/given/x.ts -->       names that the page does not make; the file's given() does
 *     <!-- test: not run: two minutes on two cores -->           is checked all the same
 *
 * Clauses are joined by "; ". The comment is a part of the page that a reader of the source sees, and a viewer does not show.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const packageRoot = join(import.meta.dirname, "..", "..");

export interface Given {
  readonly names: readonly string[];
  /** A module of test/docs/given, from the root of the repository. */
  readonly file: string;
}

export interface Block {
  /** From the root of the repository. */
  readonly page: string;
  readonly language: string;
  /** Of the fence that opens it, counted from 1; the code begins on the next. */
  readonly line: number;
  readonly code: readonly string[];
  readonly continues: boolean;
  readonly given: readonly Given[];
  /** Why it is not run; null where it is. */
  readonly notRun: string | null;
}

type Directive = Pick<Block, "continues" | "given" | "notRun">;

const where = (page: string, line: number): string => `${page}:${line}`;

function readDirective(text: string | undefined, at: string): Directive {
  const directive = { continues: false, given: [] as Given[], notRun: null as string | null };
  for (const clause of text?.split(/;\s+/) ?? []) {
    const given = /^given (.+) from (test\/docs\/given\/[\w-]+\.ts)$/.exec(clause);
    const notRun = /^not run: (.+)$/.exec(clause);
    if (clause === "continues") directive.continues = true;
    else if (given) directive.given.push({ names: given[1]!.split(/,\s*/), file: given[2]! });
    else if (notRun) directive.notRun = notRun[1]!;
    else
      throw new Error(
        `${at}: the comment says "${clause}", expected continues, given NAMES from FILE, or not run: REASON`,
      );
  }
  return directive;
}

/** Blocks of Markdown; `lines` are those of the page, with what is not Markdown (a comment's stars) taken off. */
export function blocksIn(page: string, lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let said: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i]!;
    const comment = /^\s*<!-- test: (.+?)\s*-->\s*$/.exec(text);
    const fence = /^\s*(`{3,})\s*(\w*)\s*$/.exec(text);
    if (comment) said = comment[1];
    else if (fence) {
      const end = lines.findIndex((line, at) => at > i && line.trim() === fence[1]);
      if (end < 0) throw new Error(`${where(page, i + 1)}: this fence is never closed`);
      blocks.push({
        page,
        language: fence[2]!,
        line: i + 1,
        code: lines.slice(i + 1, end),
        ...readDirective(said, where(page, i + 1)),
      });
      said = undefined;
      i = end;
    } else if (said !== undefined && text.trim() !== "")
      throw new Error(`${where(page, i + 1)}: a test comment stands before something that is no block`);
  }
  return blocks;
}

/** Every Markdown page that a user of the repository reads. */
export const pages: readonly string[] = ["", "docs"].flatMap((folder) =>
  readdirSync(join(packageRoot, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => (folder === "" ? name : `${folder}/${name}`)),
);

export const linesOf = (file: string): readonly string[] => readFileSync(join(packageRoot, file), "utf8").split("\n");

export const pageBlocks: readonly Block[] = pages.flatMap((page) => blocksIn(page, linesOf(page)));

/** What is not run without a reason of at least two words, or beyond `most`: a page that grows lines nobody runs is told. */
export function unexplained(blocks: readonly Pick<Block, "notRun">[], most: number): readonly string[] {
  const reasons = blocks.flatMap(({ notRun }) => (notRun === null ? [] : [notRun]));
  const short = reasons.filter((reason) => reason.trim().split(/\s+/).length < 2);
  return reasons.length > most ? [...short, `${reasons.length} blocks are not run, at most ${most} may`] : short;
}
