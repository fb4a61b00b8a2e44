/** The gate for speed: this checkout against another commit, by turns. */
import { integer, number } from "../../src/cli/options.js";
import { interruptions } from "../../src/cli/signals.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median } from "../measure/stats.js";
import { jsonOption } from "../options.js";
import { repositoryRoot } from "../paths.js";
import { asLines } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { commitOf, withCheckout } from "../work/checkout.js";
import { type PairRow, pairsTable, playPairs } from "../work/pairs.js";
import { type StepWork, workName } from "../work/work.js";

export const study = defineStudy({
  name: "against",
  help: "a training step and an answer of S0 against those of commit REV, by turns; with --min a gate",
  words: { names: ["REV"] },
  options: {
    pairs: integer({ help: "pairs that count, of each work", default: 15 }),
    min: number({ help: "exit code 1 where the median of REV's time by this checkout's is below X", example: 0.98 }),
    threads: integer({ help: "threads of the training step", default: 2, max: 256 }),
    imageSize: integer({ help: "side of the pictures", default: 224, max: 4096 }),
    batch: integer({ help: "images of the training step", default: 32 }),
    json: jsonOption,
  },
  examples: ["against main", "against HEAD~1 --pairs 31 --min 0.98"],
  async run({ pairs, min, threads, imageSize, batch, json }, [revision = ""], tell) {
    const commit = commitOf(revision);
    const short = commit.slice(0, 10);
    const s0 = { model: "mobileone_s0", imageSize } as const;
    const works: readonly StepWork[] = [
      { ...s0, form: "train", batch, threads, training: "auto" },
      { ...s0, form: "deploy", batch: 1, threads: 1 },
    ];
    const machine = describeMachine();
    tell(`${machineLine(machine)}\nagainst ${revision} (${short}), built in a temporary folder`);
    const interruption = interruptions((name) => tell(`${name}: the other checkout is removed`));
    const { signal } = interruption;
    try {
      const rows = await withCheckout(commit, signal, tell, async (other) => {
        const found: PairRow[] = [];
        for (const work of works) found.push(await playPairs(work, { own: repositoryRoot, other }, pairs, signal));
        return found;
      });
      for (const line of ["", ...asLines(pairsTable(rows, short))]) tell(line);
      const slow = rows.filter(({ ratios }) => min !== undefined && median(ratios) < min);
      for (const { work, ratios } of slow)
        tell(
          `too slow: ${workName(work)} at ${median(ratios).toFixed(3)} of ${short}'s speed, expected at least ${min}`,
        );
      if (json)
        process.stdout.write(`${JSON.stringify({ machine: afterwards(machine), commit, min: min ?? null, rows })}\n`);
      return slow.length > 0 ? 1 : 0;
    } catch (error) {
      if (signal.aborted) return signal.reason as number;
      throw error;
    } finally {
      interruption.stop();
    }
  },
});
