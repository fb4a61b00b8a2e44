/** What the bare page and its worker say to each other: types alone. */
import type { Exported, ExportFormat } from "../../../studio/protocol.js";

export interface BareAsk {
  readonly format: ExportFormat;
  readonly model: File;
  readonly pictures: readonly File[];
}
export interface BareAnswer {
  readonly exported: Exported;
  /** What the tab's model answers to each picture, by name. */
  readonly labels: readonly (readonly [name: string, label: string])[];
}
