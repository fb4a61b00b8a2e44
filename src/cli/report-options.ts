/** Options of commands that tell what a run did: where its pictures are, and how many its model is asked about. */
import { MOST_IMAGES } from "../report/report.js";
import { integer, textOrTexts } from "./options.js";
import { commonOptions, computeOptions, decoderOption, workersOption } from "./shared-options.js";

export const runReportOptions = {
  data: textOrTexts({ help: "where the pictures are now; default: where the run found them", placeholder: "DIR" }),
  mostImages: integer({
    help: "validation pictures that the model is asked about, evenly spread; 0 asks about none",
    min: 0,
    default: MOST_IMAGES,
  }),
  workers: workersOption,
  decoder: decoderOption,
  ...computeOptions,
  ...commonOptions,
};
