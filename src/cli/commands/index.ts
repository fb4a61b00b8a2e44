/** Every command, in the order of the help. */
import { UsageError } from "../../util/errors.js";
import { nearestName } from "../../util/nearest.js";
import type { Command } from "../command.js";
import { bench } from "./bench.js";
import { browse } from "./browse.js";
import { cardWriting } from "./card.js";
import { conversion } from "./convert.js";
import { evaluation } from "./eval.js";
import { explain } from "./explain.js";
import { exporting } from "./export.js";
import { features } from "./features.js";
import { finetuning } from "./finetune.js";
import { predict } from "./predict.js";
import { preparation } from "./prepare.js";
import { reparameterization } from "./reparameterize.js";
import { reporting } from "./report.js";
import { schedule } from "./schedule.js";
import { serving } from "./serve.js";
import { summary } from "./summary.js";
import { training } from "./train.js";
import { verification } from "./verify-dataset.js";
import { weightsList } from "./weights.js";

// a table of many commands: each one's values were typed where it was defined
export const commands = [
  training,
  finetuning,
  evaluation,
  predict,
  explain,
  features,
  serving,
  preparation,
  verification,
  reparameterization,
  exporting,
  conversion,
  reporting,
  cardWriting,
  schedule,
  browse,
  summary,
  weightsList,
  bench,
] as unknown as readonly Command[];

/** Throws UsageError, with the nearest name, where there is none of that name. */
export function commandNamed(given: string): Command {
  const command = commands.find(({ name }) => name === given);
  if (command) return command;
  const names = commands.map(({ name }) => name);
  const nearest = nearestName(given, names);
  const kind = given.startsWith("-") ? "option" : "command";
  throw new UsageError(
    `tensorone: unknown ${kind} ${given}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
    `known commands are ${names.join(", ")}`,
  );
}
