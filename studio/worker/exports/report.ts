/** The report of a project: the page that `report` writes of a run, from what stands in the tab. */
import { renderReport } from "tensorone";
import { thumbnailPng } from "../../../src/figures/png.js";
import type { Exported } from "../../protocol.js";
import { wantedOf } from "./check.js";
import { certificateWords, withFolded } from "./fold.js";
import { factsOf } from "./report-facts.js";
import { type ExportSubject, fileName, type Site } from "./subject.js";

/** Sides of pictures in the page, pixels, as in reports of runs. */
const THUMBNAIL = 112;

export async function exportReport(subject: ExportSubject, site: Site): Promise<Exported> {
  const uplot = await site.uplot();
  const wanted = await wantedOf(subject);
  return withFolded(subject, async (delivered) => {
    const facts = await factsOf(subject, wanted, delivered);
    const text = renderReport(facts, uplot, (image) => thumbnailPng(image, THUMBNAIL));
    return {
      name: fileName(subject.project, "-report.html"),
      type: "text/html",
      bytes: new TextEncoder().encode(text),
      agreement: null,
      certificate: certificateWords(delivered.certificate),
    };
  });
}
