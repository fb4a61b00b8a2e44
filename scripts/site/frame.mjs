/** What every page of the site stands in: its head with a policy, the names of the parts, the text. */
import { posix } from "node:path";
import { escapeHtml } from "./text.mjs";

const parts = [
  { path: "studio/index.html", title: "Studio" },
  { path: "guides/index.html", title: "Guides" },
  { path: "results/index.html", title: "Measured" },
  { path: "reference/index.html", title: "Reference" },
];

/** Nothing but what lies beside the page: no script, no font of others. */
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** The page at `path` of the site; `has` tells which parts were built. Every link is relative, so that a site may lie anywhere. */
export function frame({ path, title, html, has, description = "" }) {
  const to = (target) => posix.relative(posix.dirname(path), target) || posix.basename(target);
  const links = parts
    .filter((part) => has(part.path))
    .map((part) => {
      const isHere = part.path.split("/")[0] === path.split("/")[0];
      return `<a href="${to(part.path)}"${isHere ? ' aria-current="true"' : ""}>${part.title}</a>`;
    });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
${description && `<meta name="description" content="${escapeHtml(description)}">\n`}<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/svg+xml" href="${to("icon.svg")}">
<link rel="stylesheet" href="${to("site.css")}">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header><a class="mark" href="${to("index.html")}">tensorone</a><nav aria-label="Parts">${links.join("")}</nav></header>
<main id="main">
${html}
</main>
</body>
</html>
`;
}
