/** The page's look: one column, thin rules, figures that line up; light and dark by the reader's scheme. */

const variables = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

/** Text on paper is at least 4.5 : 1, soft text too. */
const light = variables({
  paper: "#fff",
  ink: "#1b1f24",
  soft: "#57606a",
  line: "#d8dee4",
  panel: "#f6f8fa",
  train: "#1f6feb",
  val: "#bc4c00",
  raw: "#8250df",
  mark: "#fff3cd",
});
const dark = variables({
  paper: "#0d1117",
  ink: "#e6edf3",
  soft: "#9da7b1",
  line: "#30363d",
  panel: "#161b22",
  train: "#58a6ff",
  val: "#f0883e",
  raw: "#bc8cff",
  mark: "#3a2f10",
});

/** All of the page's rules but uPlot's own. */
export const style = `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.01em;margin:2px 0 6px;overflow-wrap:anywhere}
h2{font-size:19px;margin:0 0 4px}
h3{font-size:15px;margin:24px 0 6px}
section{padding:32px 0 8px;margin-top:28px;border-top:1px solid var(--line)}
p{margin:0 0 12px;max-width:72ch}
.soft,.eyebrow,.note{color:var(--soft)}
.eyebrow{font-size:12px;letter-spacing:.08em;text-transform:uppercase;margin:0}
.note{font-size:13px}
.missing{border-left:3px solid var(--line);padding:6px 12px;color:var(--soft);max-width:72ch}
a{color:var(--train);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--train);outline-offset:2px;border-radius:2px}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:20px 0 0;font-size:14px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
pre{background:var(--panel);padding:12px 14px;border-radius:6px;overflow-x:auto;margin:0 0 12px;white-space:pre-wrap;overflow-wrap:anywhere}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:24px 0 0}
.keys div{background:var(--paper);padding:14px 16px}
.keys dt{color:var(--soft);font-size:13px}
.keys dd{margin:2px 0 0;font-size:24px;line-height:1.2;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
.keys dd small{display:block;font-size:13px;font-weight:400;color:var(--soft);letter-spacing:0;white-space:normal;margin-top:3px}
.wide{overflow-x:auto;margin:0 0 12px}
table{border-collapse:collapse;font-size:14px;min-width:100%}
table.narrow{min-width:0}
caption{text-align:left;color:var(--soft);font-size:13px;padding:0 0 6px}
th,td{text-align:left;padding:5px 16px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}
thead th{color:var(--soft);font-size:13px;white-space:nowrap;border-bottom-color:var(--soft);vertical-align:bottom}
tbody th{font-weight:400}
td.n,th.n{text-align:right}
th:last-child,td:last-child{padding-right:0}
td,tbody th{overflow-wrap:break-word;max-width:60ch}
tbody th a{overflow-wrap:anywhere}
td.n{white-space:nowrap}
tr.total th,tr.total td{font-weight:600}
table.list th{color:var(--soft);width:190px}
tr.other td,tr.other th{background:var(--mark)}
tr.other th{box-shadow:inset 3px 0 var(--val);padding-left:10px}
th button{all:unset;cursor:pointer;font:inherit;color:inherit;position:relative}
th button:focus-visible{outline:2px solid var(--train);outline-offset:2px;border-radius:2px}
th button::after{position:absolute;left:calc(100% + 3px)}
th.n button::after{left:auto;right:calc(100% + 3px)}
th[aria-sort=ascending] button::after{content:"↑"}
th[aria-sort=descending] button::after{content:"↓"}
.scroll{max-height:520px;overflow:auto;border-bottom:1px solid var(--line)}
.scroll thead th{position:sticky;top:0;background:var(--paper)}
.bar{display:inline-block;height:8px;background:var(--train);border-radius:2px;vertical-align:middle;min-width:1px}
.plots{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:20px 28px}
.two{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 40px}
figure{margin:0;min-width:0}
figcaption{font-weight:600;font-size:14px}
figcaption span{font-weight:400;color:var(--soft)}
.plot{min-height:236px}
.zoom{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 14px}
.zoom button{font:inherit;font-size:13px;color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:3px 10px;cursor:pointer}
.zoom button:hover{border-color:var(--soft)}
.uplot{font:inherit;color:var(--ink)}
.uplot .u-legend{text-align:left;font-size:13px;margin:2px 0 0;min-width:0;width:100%}
.uplot .u-legend th{border:0;font-weight:400;padding:0 4px 0 0;white-space:nowrap}
.uplot .u-legend td{border:0;padding:0 14px 0 0;min-width:5ch;display:inline-block}
.uplot .u-legend .u-marker{border-radius:2px;width:10px;height:10px}
.uplot .u-legend .u-label{font-size:13px}
.u-select{background:color-mix(in srgb,var(--train) 18%,transparent)}
.cm{max-width:100%;height:auto;display:block}
.mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(236px,1fr));gap:22px 20px;padding:0;margin:0;list-style:none}
.mistakes .pair{display:flex;gap:6px;height:112px}
.mistakes img,.mistakes .gone{height:112px;width:112px;object-fit:contain;background:var(--panel);border-radius:4px;image-rendering:auto}
.mistakes img.small{image-rendering:pixelated}
.mistakes .gone{display:flex;align-items:center;justify-content:center;color:var(--soft);font-size:12px;text-align:center;padding:8px}
.mistakes p{margin:6px 0 0;font-size:14px;line-height:1.35;overflow-wrap:anywhere}
.mistakes p+p{margin:1px 0 0;font-size:12px}
footer{padding-top:28px;padding-bottom:48px;color:var(--soft);font-size:13px}
details{margin:14px 0}
summary{cursor:pointer;color:var(--soft);font-size:14px}
@media (max-width:760px){main,header,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}h1{font-size:24px}.plots,.two{grid-template-columns:minmax(0,1fr)}.keys{grid-template-columns:repeat(2,minmax(0,1fr))}.keys dd{font-size:20px}th,td{padding-right:12px}thead th{white-space:normal}table.list th{width:130px}tbody th:has(a){min-width:16ch}section{padding-top:24px;margin-top:20px}}
@media print{.zoom,nav{display:none}.scroll{max-height:none}section{break-inside:avoid-page}}
`;
