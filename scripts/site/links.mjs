/** Links of a site within itself: every file and anchor that a page names has to be there. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const htmlFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".html"))
    .map((entry) => join(entry.parentPath, entry.name));

const decode = (text) => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");

/** Of href and src, within tags. */
const linksOf = (html) => [...html.matchAll(/<[a-z][^>]*?\s(?:href|src)="([^"]*)"/gi)].map(([, link]) => decode(link));

const anchorsOf = (html) => new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => decode(id)));

/** "page: link" of each that leads nowhere, or out of the folder; none: the site is whole. */
export function deadLinks(folder) {
  const root = resolve(folder);
  const anchors = new Map();
  const anchorsIn = (file) => {
    if (!anchors.has(file)) anchors.set(file, anchorsOf(readFileSync(file, "utf8")));
    return anchors.get(file);
  };
  const dead = [];
  for (const file of htmlFiles(root)) {
    for (const link of new Set(linksOf(readFileSync(file, "utf8")))) {
      if (/^[a-z][a-z+.-]*:/i.test(link)) continue;
      const [, path, anchor] = /^([^#?]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(link) ?? [];
      let target = path ? resolve(dirname(file), decodeURI(path)) : file;
      if (existsSync(target) && statSync(target).isDirectory()) target = join(target, "index.html");
      const isThere = !link.startsWith("/") && target.startsWith(root) && existsSync(target);
      const isWhole =
        isThere && (!anchor || !target.endsWith(".html") || anchorsIn(target).has(decodeURIComponent(anchor)));
      if (!isWhole) dead.push(`${relative(root, file)}: ${link}`);
    }
  }
  return dead;
}
