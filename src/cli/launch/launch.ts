/**
 * The command line's side of several processes: whether this process is a launcher, a rank, or alone.
 */
import type { Environment } from "../../distributed/environment.js";
import type { Face, Outcome } from "../command.js";
import type { Values } from "../options.js";
import type { launchOptions } from "./options.js";

export type LaunchValues = Values<typeof launchOptions>;

/**
 * Runs the command line again as --nproc ranks of this machine and returns how they ended; null where this process is a
 * rank itself, or alone, and has to do the work. `resumeArgs` is what a restart adds to the words of this process, such as
 * ["--out", run, "--resume"]; `firstArgs` what the first start adds, such as ["--out", run]. Throws UsageError for options
 * that contradict each other or the launcher that started this process.
 *
 *     const launched = await launchRanks(values, process.env, face, { firstArgs, resumeArgs });
 *     if (launched) return launched;
 *     const group = await joinProcessGroup({ transport, deadlineMs, onNotice }, process.env);
 */
export type LaunchRanks = (
  values: LaunchValues,
  environment: Environment,
  face: Face,
  words: { readonly firstArgs: readonly string[]; readonly resumeArgs: readonly string[] },
) => Promise<Outcome | null>;
