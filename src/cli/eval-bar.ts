/** A live bar for pictures that a model is asked about. */
import type { EvalProgress } from "../train/loggers/events.js";
import { progressBar, type Terminal } from "../util/terminal.js";

const BAR_WIDTH = 24;
/** What stands beside the bar. */
const WORDS_WIDTH = 20;

export const evalBar =
  (terminal: Terminal) =>
  ({ done, total }: EvalProgress): void =>
    terminal.update(
      `${progressBar(done / total, Math.min(BAR_WIDTH, terminal.width - WORDS_WIDTH))}  ${done}/${total} batches`,
    );
