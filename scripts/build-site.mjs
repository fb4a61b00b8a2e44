/**
 * The static site in build/site: home page, guides, measurements, API reference, and the studio as it was built. Every link is relative, so
 * the folder works below any address; a dead one ends the build with 1.
 * Usage: node scripts/build-site.mjs [--out DIR] [--studio DIR] [--without-reference], after npm run build
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { frame } from "./site/frame.mjs";
import { home, introduction, screenshots } from "./site/home.mjs";
import { deadLinks } from "./site/links.mjs";
import { renderer } from "./site/markdown.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "build", "site") },
    studio: { type: "string", default: join(root, "dist", "studio") },
    "without-reference": { type: "boolean", default: false },
  },
});
const { out, studio } = values;
const read = (path) => readFileSync(join(root, path), "utf8");
const markdownIn = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));

function end(message) {
  process.stderr.write(`site: ${message}\n`);
  process.exit(1);
}

if (!existsSync(join(studio, "index.html"))) end(`no index.html in ${studio}\n  hint: npm run build`);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** Where what of the repository is on the site. */
const pages = new Map([
  ["README.md", "guides/readme.html"],
  ...["CHANGELOG", "CONTRIBUTING", "SECURITY", "THIRD-PARTY"].map((name) => [
    `${name}.md`,
    `guides/${name.toLowerCase()}.html`,
  ]),
  ...markdownIn("docs").map((name) => [`docs/${name}`, `guides/${basename(name, ".md")}.html`]),
  ...markdownIn("bench/results").map((name) => [`bench/results/${name}`, `results/${basename(name, ".md")}.html`]),
]);
const files = new Map([
  ...readdirSync(join(root, "docs/figures")).map((name) => [`docs/figures/${name}`, `guides/figures/${name}`]),
  ...readdirSync(join(root, "bench/results"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => [`bench/results/${name}`, `results/${name}`]),
]);
const { repository } = JSON.parse(read("package.json"));
const site = { root, pages, files, repository: repository.url.replace(/^git\+|\.git$/g, ""), anchors: new Map() };
const { page } = renderer(site);
const hasReference = !values["without-reference"];
const has = (path) => !path.startsWith("reference/") || hasReference;

function write(path, html, title, description) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), frame({ path, title: `${title} · tensorone`, html, has, description }));
}

const titles = new Map();
for (const [from, path] of pages) {
  const { html, title } = page(from, read(from));
  titles.set(path, title);
  write(path, html, title);
}
for (const [from, path] of files) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  cpSync(join(root, from), join(out, path));
}

/** A list of pages in a folder of the site. */
function index(folder, heading) {
  const escaped = (text) => text.replace(/`/g, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const items = [...titles]
    .filter(([path]) => path.startsWith(`${folder}/`))
    .sort(([, a], [, b]) => a.localeCompare(b, "en"))
    .map(([path, title]) => `<li><a href="${basename(path)}">${escaped(title)}</a></li>`);
  write(`${folder}/index.html`, `<h1>${heading}</h1>\n<ul class="index">${items.join("\n")}</ul>`, heading);
}
index("guides", "Guides");
index("results", "Measured");

/** Width and height stand in a PNG's first chunk. */
const sizeOf = (bytes) => ({ width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) });
const shots = screenshots.flatMap((shot) => {
  const from = join(root, "build", "screenshots", shot.file);
  if (!existsSync(from)) return [];
  mkdirSync(join(out, "screenshots"), { recursive: true });
  cpSync(from, join(out, "screenshots", shot.file));
  return [{ ...shot, ...sizeOf(readFileSync(from)) }];
});
pages.set("README.md", "index.html");
const introduced = page("README.md", introduction(read("README.md"))).html;
const results = JSON.parse(read("bench/results/compare.json"));
const { description } = JSON.parse(read("package.json"));
write(
  "index.html",
  home({ introduced, results, shots, hasStudio: true, hasReference }),
  "Deep learning in TypeScript",
  description,
);
cpSync(join(root, "scripts/site/site.css"), join(out, "site.css"));
cpSync(join(root, "studio/ui/icon.svg"), join(out, "icon.svg"));
cpSync(studio, join(out, "studio"), { recursive: true });

if (hasReference) {
  const typedoc = join(root, "node_modules", "typedoc", "bin", "typedoc");
  const run = spawnSync(process.execPath, [typedoc, "--out", join(out, "reference")], { cwd: root, encoding: "utf8" });
  if (run.status !== 0) end(`typedoc: ${run.stdout}${run.stderr}`);
}

/** typedoc 0.28 links an accessor of a type by another anchor than it gives it. */
const faulty = /^reference\/modules\/index\._internal_\.html: #biasoption$/;
const dead = deadLinks(out).filter((link) => !faulty.test(link));
if (dead.length > 0) end(`${dead.length} dead links\n${dead.slice(0, 50).join("\n")}`);
process.stdout.write(
  `${out}: ${pages.size} pages, ${shots.length} screenshots${hasReference ? ", the reference" : ""}\n`,
);
