/** Every command, in the order of the help. */
import type { Command } from "./command.js";
import { bench } from "./commands/bench.js";
import { browse } from "./commands/browse.js";
import { conversion } from "./commands/convert.js";
import { evaluation } from "./commands/eval.js";
import { exporting } from "./commands/export.js";
import { predict } from "./commands/predict.js";
import { preparation } from "./commands/prepare.js";
import { reparameterization } from "./commands/reparameterize.js";
import { schedule } from "./commands/schedule.js";
import { summary } from "./commands/summary.js";
import { training } from "./commands/train.js";
import { verification } from "./commands/verify-dataset.js";

// a table of many commands: each one's values were typed where it was defined
export const commands = [
  training,
  evaluation,
  predict,
  preparation,
  verification,
  reparameterization,
  exporting,
  conversion,
  schedule,
  browse,
  summary,
  bench,
] as unknown as readonly Command[];
