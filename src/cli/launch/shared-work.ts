/**
 * A command that does its work as several processes: it launches them, or is one of them. Rank 0 alone speaks, and has the
 * object for --json.
 */
import { joinProcessGroup } from "../../distributed/join.js";
import type { ProcessGroup } from "../../train/replicas/process-group.js";
import { TensoroneError } from "../../util/errors.js";
import { Terminal } from "../../util/terminal.js";
import type { CommandContext, Outcome } from "../command.js";
import { isLauncher, type LaunchValues, launchRanks } from "./launch.js";

/** Shows nothing. */
const mute = new Terminal({ write: () => true });

/** A process of several, and where it speaks. */
export interface Sharer {
  readonly group: ProcessGroup;
  readonly terminal: Terminal;
}

/**
 * Runs `body` in every process that `values` ask for, or that the environment says this one belongs to. An error of one ends
 * all, with its reason.
 */
export async function shareWork(
  command: string,
  values: LaunchValues,
  { terminal }: CommandContext,
  body: (sharer: Sharer) => Promise<Outcome>,
): Promise<Outcome> {
  if (isLauncher(values, process.env, command))
    return launchRanks(values, process.env, { firstArgs: [], resumeArgs: [] });
  const { transport, collectiveTimeout } = values;
  const onNotice = (line: string) => terminal.print(line);
  const group = await joinProcessGroup({ transport, deadlineMs: 1000 * collectiveTimeout, onNotice }, process.env);
  try {
    const outcome = await body({ group, terminal: group.rank === 0 ? terminal : mute });
    await group.close();
    return group.rank === 0 ? outcome : { json: null };
  } catch (error) {
    // the error itself is what counts
    await group.abort(error instanceof TensoroneError ? error.summary : String(error)).catch(() => {});
    throw error;
  }
}
