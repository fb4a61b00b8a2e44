/** The page: texts of people and files stay texts, what is missing is said, and the policy lets nothing in. */
import { describe, expect, it } from "vitest";
import { missing, type RunFacts } from "../../src/report/facts/run-facts.js";
import { renderReport } from "../../src/report/render.js";
import { facts, hostile, quoted } from "./facts.js";

const uplot = { script: "/* uPlot */", style: "", license: "MIT */ alert(1)" };
const render = (changes: Partial<RunFacts> = {}): string =>
  renderReport(facts(changes), uplot, () => Uint8Array.of(1, 2, 3));

/** Texts and tags of a page, by a scanner that ends a tag at the first `>` outside of quotes, as browsers do. */
function tagsOf(page: string): string[] {
  const plain = page
    .replace(/(<script[^>]*>)[\s\S]*?(<\/script>)/g, "$1$2")
    .replace(/(<style>)[\s\S]*?(<\/style>)/g, "$1$2");
  return plain.match(/<\/?[a-z][^\s>]*(?:"[^"]*"|[^">])*>/gi) ?? [];
}

describe("a report", () => {
  it("escapes names, paths, commands and machines", () => {
    const page = render();
    expect(page).not.toContain(hostile);
    expect(page).not.toContain("<b>");
    expect(page.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;/g)!.length).toBeGreaterThan(6);
    expect(page).toContain("it&#39;s &quot;here&quot; &amp; &lt;b&gt;there&lt;/b&gt;");
    const scripts = tagsOf(page).filter((tag) => tag.startsWith("<script"));
    expect(scripts).toEqual(['<script type="application/json" id="plots">', "<script>"]);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it("opens and closes every element, and has each id once", () => {
    const empty = /^<(!|meta|link|img|br|input|path|rect)/i;
    const open: string[] = [];
    for (const tag of tagsOf(render())) {
      if (empty.test(tag)) continue;
      const name = /^<\/?([a-z0-9]+)/i.exec(tag)![1]!;
      if (!tag.startsWith("</")) open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    const ids = [...render().matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("asks for nothing: its policy comes first, and no address leads out", () => {
    const page = render();
    const policy = `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; script-src &#39;unsafe-inline&#39;; img-src data:">`;
    expect(page.indexOf(policy)).toBeGreaterThan(0);
    expect(page.indexOf(policy)).toBeLessThan(page.indexOf("<script"));
    const addresses = tagsOf(page).flatMap((tag) => [...tag.matchAll(/ (?:src|href)="([^"]*)"/g)].map(([, to]) => to!));
    const outside = addresses.filter((to) => !/^(#|data:)/.test(to));
    expect(outside).toEqual([`${encodeURIComponent(quoted).replace("%2F", "/").replaceAll("'", "&#39;")}.onnx`]);
  });

  it("marks what differs from the published recipe", () => {
    const rows = [...render().matchAll(/<tr class="other"><th scope="row"><code>([^<]+)<\/code>/g)].map(
      ([, name]) => name,
    );
    expect(rows).toContain("epochs");
    expect(rows).toContain("optimizer.lr");
    expect(rows).not.toContain("optimizer.momentum");
  });

  it("says that only a part was measured", () => {
    expect(render()).toContain("Only 30 of 300 pictures");
  });

  it("of which nothing is known says so, part by part", () => {
    const reason = `gone: ${hostile}`;
    const nothing: Partial<RunFacts> = {
      checkpoint: null,
      published: null,
      sessions: [],
      files: [],
      imageSize: null,
      ...Object.fromEntries(
        ["command", "log", "data", "answers", "certificate", "costs"].map((name) => [name, missing(reason)]),
      ),
    };
    const page = render(nothing);
    expect(page).not.toContain(hostile);
    expect(page.match(/class="missing"/g)!.length).toBe(9);
    expect(page).toContain("no step done yet");
  });
});
