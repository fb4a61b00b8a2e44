/** The page that exports are filled into, made at build time: engine and script bundled into one inline script, whose hash is the only one its policy allows. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AliasOptions, build } from "vite";
import { withoutGpu } from "../without-gpu.js";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

async function scriptOf(alias: AliasOptions): Promise<string> {
  const result = await build({
    configFile: false,
    root: here("."),
    logLevel: "warn",
    resolve: { alias },
    plugins: [withoutGpu()],
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: here("main.ts"),
        // a plain script has none; what asks for it loads further files, and there are none either
        transform: { define: { "import.meta": "{}" } },
        output: { format: "iife", codeSplitting: false },
      },
    },
  });
  if (!("output" in result) || result.output.length !== 1)
    throw new Error("take-page: the bundle has several files, expected one script");
  const { code } = result.output[0] as { readonly code: string };
  // what would end the element, or change how the rest of it is read
  if (/<\/script|<script|<!--/i.test(code)) throw new Error("take-page: the script holds a tag of HTML");
  return `\n${code.trim()}\n`;
}

/** The page's text, with places for title, model and weights. */
export async function buildTakePage(alias: AliasOptions): Promise<string> {
  const [script, style] = [await scriptOf(alias), readFileSync(here("style.css"), "utf8")];
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts: Readonly<Record<string, string>> = { "%POLICY%": policy, "%STYLE%": style, "%SCRIPT%": script };
  return readFileSync(here("template.html"), "utf8").replace(/%(POLICY|STYLE|SCRIPT)%/g, (place) => parts[place]!);
}
