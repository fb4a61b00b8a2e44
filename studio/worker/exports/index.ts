/** Files to take away, one row a format. Each file is read back and asked for the validation pictures before it is offered. */
import type { Exported, ExportFormat } from "../../protocol.js";
import { exportHtml } from "./html.js";
import { exportOnnx } from "./onnx.js";
import { exportReport } from "./report.js";
import { exportSafetensors } from "./safetensors.js";
import type { ExportSubject, Site } from "./subject.js";

export { siteBeside } from "./site.js";
export type { ExportSubject, Site, SubjectPicture } from "./subject.js";

const formats: { readonly [K in ExportFormat]: (subject: ExportSubject, site: Site) => Promise<Exported> } = {
  safetensors: exportSafetensors,
  onnx: exportOnnx,
  html: exportHtml,
  report: exportReport,
};

/** Throws FoldError, CheckpointError or OnnxError for a model that cannot be delivered. */
export function exportModel(format: ExportFormat, subject: ExportSubject, site: Site): Promise<Exported> {
  return formats[format](subject, site);
}
