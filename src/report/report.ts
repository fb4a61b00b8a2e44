/** The report of a run: gathered, rendered, written. Node only. */
import { join, relative, resolve } from "node:path";
import type { DecoderName } from "../data/codecs/decoder.js";
import type { DataSource } from "../data/sets/dataset.js";
import { thumbnailPng } from "../figures/png.js";
import type { Certificate } from "../models/index.js";
import type { EvalProgress } from "../train/loggers/events.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { gatherRun } from "./facts/gather.js";
import { readUPlot } from "./page/uplot.js";
import { renderReport } from "./render.js";

/** Name of the report in a run folder. */
export const REPORT_NAME = "report.html";

/** A minute or two at 224 px on two cores. */
export const MOST_IMAGES = 5000;
/** Sides of pictures in the page, pixels. */
const THUMBNAIL = 112;

/** What a report is made with. */
export interface ReportOptions {
  /** The file to write. Default: report.html in the run folder. */
  readonly out?: string | undefined;
  /** Where the pictures are. Default: where the run found them. */
  readonly data?: DataSource | undefined;
  /** Where the bundled demo set is, for a run on it that does not say where. */
  readonly demo?: string | undefined;
  /** The certificate of a run that has just folded its model. Default: folded and certified once more. */
  readonly certificate?: Certificate | null | undefined;
  /** Validation pictures that the model is asked about, at most; 0: none. Default 5,000. */
  readonly mostImages?: number | undefined;
  /** Threads that decode pictures. Default 0: between the batches. */
  readonly workers?: number | undefined;
  readonly decoder?: DecoderName | undefined;
  readonly onProgress?: ((progress: EvalProgress) => void) | undefined;
}

/** A report that was written. */
export interface WrittenReport {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes what a run did, and what its model answers, as one HTML file that works offline: curves, recipe, pictures, confusion matrix,
 * classes, mistakes, machine, costs and files. `run` is the folder of a run in any state; what it lacks, the page says. Throws
 * CheckpointError for a folder that is none of a run, DataError for a decoder that is not installed.
 *
 * @example
 * <!-- test: not run: needs the folder of a run -->
 * ```ts
 * const { path, bytes } = await writeReport("runs/s0", { data: "my-pictures", mostImages: 500 });
 * console.log(path, bytes); // runs/s0/report.html 129000
 * ```
 */
export async function writeReport(run: string, options: ReportOptions = {}): Promise<WrittenReport> {
  const { out = join(run, REPORT_NAME) } = options;
  const text = new TextEncoder().encode(await reportPage(run, options));
  await writeFileAtomic(out, text);
  return { path: out, bytes: text.length };
}

/** The text of the report, which writes nothing. Throws as writeReport does. */
export async function reportPage(run: string, options: ReportOptions = {}): Promise<string> {
  const { data, demo, certificate, mostImages = MOST_IMAGES, workers = 0, decoder, onProgress } = options;
  const { out = join(run, REPORT_NAME) } = options;
  const uplot = await readUPlot();
  const facts = await gatherRun(run, {
    data,
    demo,
    certificate,
    answers: { mostImages, workers, decoder, onProgress },
    ownPath: relative(resolve(run), resolve(out)),
  });
  return renderReport(facts, uplot, (image) => thumbnailPng(image, THUMBNAIL));
}
