/** Markdown of the repository as pages of the site: headings with anchors, links to what the site holds, the rest to the repository. */
import { existsSync, statSync } from "node:fs";
import { dirname, posix } from "node:path";
import markdownIt from "markdown-it";

/** As GitHub makes anchors, which the pages' own links follow. */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

const isElsewhere = (link) => /^[a-z][a-z+.-]*:/i.test(link);

/**
 * Where a link of the page `from` (a path of the repository) leads on the site. `pages`: paths of Markdown to paths of the site;
 * `files`: what is copied, likewise.
 */
export function siteLink(link, from, { root, repository, pages, files }) {
  if (isElsewhere(link) || link.startsWith("#")) return link;
  const [, path, anchor = ""] = /^([^#]*)(#.*)?$/.exec(link);
  const target = posix.normalize(posix.join(dirname(from), path)).replace(/\/$/, "");
  const own = pages.get(target) ?? files.get(target);
  if (own !== undefined) return posix.relative(dirname(pages.get(from)), own) + anchor;
  if (!existsSync(`${root}/${target}`)) throw new Error(`${from}: its link ${link} leads nowhere`);
  const kind = statSync(`${root}/${target}`).isDirectory() ? "tree" : "blob";
  return `${repository}/${kind}/main/${target}${anchor}`;
}

/** Renders pages; raw HTML is shown as text, and comments, which are for tests, not at all. */
export function renderer(site) {
  const markdown = markdownIt({ html: false, linkify: false });
  const { rules } = markdown.renderer;
  rules.heading_open = (tokens, i) => {
    const { tag } = tokens[i];
    const base = anchorOf(tokens[i + 1].children.map(({ content }) => content).join(""));
    const seen = site.anchors.get(base) ?? 0;
    site.anchors.set(base, seen + 1);
    return `<${tag} id="${markdown.utils.escapeHtml(seen === 0 ? base : `${base}-${seen}`)}">`;
  };
  // what scrolls must be reached by keys
  rules.fence = (tokens, i) => {
    const { info, content } = tokens[i];
    return `<pre tabindex="0" aria-label="${info === "" ? "Output" : markdown.utils.escapeHtml(info)}" role="group"><code>${markdown.utils.escapeHtml(content)}</code></pre>\n`;
  };
  rules.table_open = () => '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n';
  rules.table_close = () => "</table></div>\n";
  return {
    /** The HTML of a page's text, and its first heading. */
    page(from, text) {
      site.anchors.clear();
      const tokens = markdown.parse(text.replace(/^\s*<!--[\s\S]*?-->\s*$/gm, ""), {});
      for (const token of tokens.flatMap(({ children }) => children ?? [])) {
        const name = token.type === "image" ? "src" : "href";
        if (token.type === "image" || token.type === "link_open")
          token.attrSet(name, siteLink(token.attrGet(name), from, site));
      }
      for (const token of tokens.filter(({ type }) => /^t[hd]_open$/.test(type))) {
        // the policy allows no style in a tag
        const isRight = token.attrGet("style")?.includes("right");
        token.attrs = isRight ? [["class", "n"]] : null;
        const [inside, close] = tokens.slice(tokens.indexOf(token) + 1);
        // a heading that says nothing is none
        if (token.tag === "th" && inside.content === "") {
          token.tag = "td";
          close.tag = "td";
        }
      }
      const at = tokens.findIndex(({ type, tag }) => type === "heading_open" && tag === "h1");
      return { html: markdown.renderer.render(tokens, markdown.options, {}), title: tokens[at + 1]?.content ?? from };
    },
  };
}
