/** Pages of HTML in documents: the module scripts are programs, the import map must be JSON. */
import type { Block } from "./blocks.js";
import { type Program, programOf } from "./programs.js";

interface Script {
  readonly attributes: string;
  /** Of the opening tag, within the block, counted from 0. */
  readonly at: number;
  readonly lines: readonly string[];
}

/** Scripts whose tags stand on lines of their own. */
export function scriptsOf({ page, line, code }: Block): readonly Script[] {
  const scripts: Script[] = [];
  code.forEach((text, at) => {
    const attributes = /^\s*<script\b([^>]*)>\s*$/.exec(text)?.[1];
    if (attributes === undefined) return;
    const end = code.findIndex((other, i) => i > at && other.trim() === "</script>");
    if (end < 0) throw new Error(`${page}:${line + 1 + at}: this script is never closed`);
    scripts.push({ attributes, at, lines: code.slice(at + 1, end) });
  });
  return scripts;
}

/** JavaScript, checked as a browser's: in its own line of the page. */
export const moduleScripts = (block: Block): readonly Program[] =>
  scriptsOf(block)
    .filter(({ attributes }) => attributes.includes('type="module"'))
    .map(({ at, lines }) => ({
      ...programOf([{ ...block, line: block.line + 1 + at, code: lines }]),
      extension: "js" as const,
    }));

export const importMaps = (block: Block): readonly unknown[] =>
  scriptsOf(block)
    .filter(({ attributes }) => attributes.includes('type="importmap"'))
    .map(({ lines }) => JSON.parse(lines.join("\n")) as unknown);
