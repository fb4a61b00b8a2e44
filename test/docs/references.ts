/**
 * What documents and comments point at, as text: markdown files with sections, links with anchors, paths in inline code.
 * Pure functions over text and a view of the repository, so that a planted fault can be tried.
 */
import { dirname, join, normalize } from "node:path";

/** The files of a repository, by path from its root. */
export interface Tree {
  has(path: string): boolean;
  read(path: string): string;
}

export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Folders in which a document named without its folder is looked for. */
const DOCUMENT_FOLDERS = ["", "docs", "bench/results"];
/** Folders from which paths in prose start. */
const PATH_FOLDERS = ["", "src", "test"];

const citation = /([\w./-]*\w\.md)(?:#([\w-]+))?(?:,? (?:section )?(\d+(?:\.\d+)*))?/g;
const link = /\]\(([^)\s]+)\)/g;
const inlineCode = /`([^`]+)`/g;
const sourcePath = /^[\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|py|svg)$/;

/** Of the reference's repository, which docs/recipe.md cites. */
const referencePath = /^(configs|mmpretrain)\//;

/** Lines outside code fences, with their numbers; others are empty. */
function prose(text: string): string[] {
  let isFenced = false;
  return text.split("\n").map((line) => {
    const isFence = line.startsWith("```");
    if (isFence) isFenced = !isFenced;
    return isFence || isFenced ? "" : line;
  });
}

const headings = (text: string): string[] =>
  prose(text).flatMap((line) => {
    const found = /^#{1,6} (.*)$/.exec(line);
    return found ? [found[1]!] : [];
  });

/** GitHub's anchors of a document's headings; equal ones are numbered. */
export function anchorsOf(text: string): string[] {
  const counts = new Map<string, number>();
  return headings(text).map((heading) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

const hasSection = (text: string, section: string): boolean =>
  headings(text).some(
    (heading) => heading === section || /^[\d.]+(?=\s)/.exec(heading)?.[0].replace(/\.$/, "") === section,
  );

/** The first of the places where `name`, said in `file`, may lie. */
const find = (tree: Tree, folders: readonly string[], file: string, name: string): string | undefined =>
  [...folders, dirname(file)].map((folder) => normalize(join(folder, name))).find((path) => tree.has(path));

/** Documents and sections that the text of `file`, code or prose, names and that are not there. */
export function citationFaults(tree: Tree, file: string): Fault[] {
  return tree
    .read(file)
    .split("\n")
    .flatMap((text, i) =>
      [...text.matchAll(citation)].flatMap(([whole, name, anchor, section]) => {
        const document = find(tree, DOCUMENT_FOLDERS, file, name!);
        const isThere =
          document !== undefined &&
          (anchor === undefined || anchorsOf(tree.read(document)).includes(anchor)) &&
          (section === undefined || hasSection(tree.read(document), section));
        return isThere ? [] : [{ file, line: i + 1, text: whole }];
      }),
    );
}

/** Links of a markdown file to files and anchors that are not there. Addresses of other sites are left alone. */
export function linkFaults(tree: Tree, file: string): Fault[] {
  return prose(tree.read(file)).flatMap((text, i) =>
    [...text.replace(inlineCode, "").matchAll(link)].flatMap(([, target]) => {
      if (/^[a-z]+:/.test(target!)) return [];
      const [path, anchor] = target!.split("#") as [string, string | undefined];
      const at = path === "" ? file : normalize(join(dirname(file), path));
      const isThere = tree.has(at) && (anchor === undefined || anchorsOf(tree.read(at)).includes(anchor));
      return isThere ? [] : [{ file, line: i + 1, text: target! }];
    }),
  );
}

/** Source files in the inline code of a markdown file that are not there. Labels of links are left to their links. */
export function pathFaults(tree: Tree, file: string): Fault[] {
  const isLost = (code: string): boolean =>
    sourcePath.test(code) && !referencePath.test(code) && find(tree, PATH_FOLDERS, file, code) === undefined;
  return prose(tree.read(file)).flatMap((text, i) =>
    [...text.replace(/\[`[^`]+`\]\([^)]*\)/g, "").matchAll(inlineCode)].flatMap(([, code]) =>
      isLost(code!) ? [{ file, line: i + 1, text: code! }] : [],
    ),
  );
}
