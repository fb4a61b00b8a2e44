/** One HTML file that classifies dropped pictures offline: the page made at build time, filled with a model. */
import { imagenetMean, imagenetStd, models } from "tensorone";
import { base64 } from "../../../src/util/base64.js";
import { inMarkup } from "../../../src/util/escape.js";
import type { Exported } from "../../protocol.js";
import { openPage, type PageModel, places } from "../../take-page/page-model.js";
import { agreementOf, type Wanted, wantedOf } from "./check.js";
import { certificateWords, withFolded } from "./fold.js";
import { weightsOf } from "./safetensors.js";
import { type ExportSubject, fileName, type Site } from "./subject.js";

/** Text that a script element holds as it is: JSON in which no tag begins. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Throws where a place of the page is not there once for each thing to fill in. */
export function fillPage(page: string, about: PageModel, weights: Uint8Array): string {
  const parts: Readonly<Record<string, string>> = {
    "%TITLE%": inMarkup(about.title),
    "%MODEL%": inScript(about),
    "%WEIGHTS%": base64(weights),
  };
  const missing = Object.keys(parts).find((place) => !page.includes(place));
  if (missing) throw new Error(`export: the page has no place ${missing}, expected one that npm run build made`);
  return page.replace(/%(TITLE|MODEL|WEIGHTS)%/g, (place) => parts[place]!);
}

function elementIn(text: string, id: string): string {
  const found = new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(text);
  if (!found) throw new Error(`export: the page has no element "${id}", expected its model and weights`);
  return found[1]!;
}

/** The file's model and weights, taken out of its text and asked by the code that the page runs. */
export async function checkHtml(bytes: Uint8Array, wanted: Wanted) {
  const text = new TextDecoder().decode(bytes);
  const { asked, loaded } = openPage(elementIn(text, places.model), elementIn(text, places.weights));
  try {
    return await agreementOf(
      wanted,
      asked,
      "Model and weights were taken out of the finished page and asked by the code that the page runs.",
    );
  } finally {
    loaded.model.dispose();
  }
}

/** What the page says and does with pictures. */
export const pageModel = (subject: ExportSubject): PageModel => ({
  title: subject.project,
  network: models.nameOf(subject.model),
  classes: subject.classes,
  imageSize: subject.images.evalSize,
  resizeSize: subject.images.evalResize,
  mean: imagenetMean,
  std: imagenetStd,
  ...subject.pixels,
});

export async function exportHtml(subject: ExportSubject, site: Site): Promise<Exported> {
  const page = await site.page();
  const wanted = await wantedOf(subject);
  return withFolded(subject, async ({ model, certificate }) => {
    const text = fillPage(page, pageModel(subject), await weightsOf(subject, model));
    const bytes = new TextEncoder().encode(text);
    return {
      name: fileName(subject.project, ".html"),
      type: "text/html",
      bytes,
      agreement: await checkHtml(bytes, wanted),
      certificate: certificateWords(certificate),
    };
  });
}
