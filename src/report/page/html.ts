/** HTML by template: what stands in `${}` is text and is escaped, unless it is HTML that was made the same way. */
import { inMarkup } from "../../util/escape.js";

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

/** Lists are joined; null and false are nothing. */
export type Part = Html | string | number | null | false | readonly Part[];

function textOf(part: Part): string {
  if (part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return inMarkup(String(part));
  return part.map(textOf).join("");
}

/** As content, or as an attribute in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, i) => text + textOf(parts[i - 1] ?? null) + next));
}

/** For script: JSON that ends no element. */
export const inScript = (value: unknown): Html => new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
