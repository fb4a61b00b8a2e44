/** Options that several studies share, as rows of the command line's own tables (src/cli/options). */
import { choice, flag, integer, type Option, text } from "../src/cli/options.js";
import type { TrainingChoice } from "../src/models/training-choice.js";
import { UsageError } from "../src/util/errors.js";

type Integers = readonly number[] | undefined;

/** Whole numbers, separated by commas; undefined unless given. */
export function integers(spec: { readonly help: string; readonly min?: number }): Option<Integers> {
  const { min = 1, help } = spec;
  const expected = `whole numbers of at least ${min}, separated by commas`;
  return {
    form: "value",
    placeholder: "N[,N]",
    help,
    expected,
    example: `${min},${min + 1}`,
    fallback: undefined,
    read: (value, where) =>
      value.split(",").map((word) => {
        const number = /^\d+$/.test(word) ? Number(word) : Number.NaN;
        if (!(number >= min)) throw new UsageError(`${where}: ${word || "an empty value"}, expected ${expected}`);
        return number;
      }),
  };
}

export const jsonOption = flag({ help: "the results as one JSON object on stdout; lines for people go to stderr" });
export const quickOption = flag({ help: "fewer samples: a glance, not a result" });
export const saveOption = text({
  help: "write bench/results/NAME.json and renew the pages there",
  placeholder: "NAME",
});
export const dryOption = flag({ help: "measure and print, but leave bench/results as it is" });
export const againstFileOption = text({ help: "ratios to an earlier result file", placeholder: "FILE" });
export const threadsOption = (usual: string): Option<Integers> =>
  integers({ help: `threads, measured one after the other; default: ${usual}` });
export const imageSizeOption = integer({ help: "side of the pictures", max: 4096 });
export const batchOption = integer({ help: "images of a step" });

const trainingForms: readonly TrainingChoice[] = ["auto", "folded", "plain"];
export const trainingOption = choice<TrainingChoice>(trainingForms, {
  help: "how blocks train: the cheaper form of each, all folded, or all branch by branch",
  placeholder: "FORM",
  default: "auto",
});

/** Of a study that keeps the rows of seeds that are not measured again. */
export const seedsOption = (usual: readonly number[]): Option<Integers> =>
  integers({ help: `seeds to measure, whose rows are renewed; default: ${usual.join(",")}`, min: 0 });
