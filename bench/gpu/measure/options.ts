/** The command line of `measure`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../../src/util/errors.js";
import { type PartName, partNames, parts } from "./parts.js";

export interface MeasureOptions {
  readonly chosen: readonly PartName[];
  readonly minutes: number;
  readonly isQuick: boolean;
  readonly wantsHelp: boolean;
  readonly out: string;
}

/** With this much a glance has ended within ten. */
const QUICK_MINUTES = 9;
/** Enough for every part to run to its own limit. */
const ALL_MINUTES = Object.values(parts).reduce((sum, { minutes }) => sum + minutes, 0);

export const help = `Measures everything about this machine's GPU, part by part, the most valuable first.

  ./measure [--part NAME[,NAME]] [--minutes N] [--quick] [--out DIR]

  --part NAME     only this part, or several; without it all, in this order:
${partNames.map((name) => `                    ${name.padEnd(12)} ${parts[name].title} (at most ${parts[name].minutes} min)`).join("\n")}
  --minutes N     end after N minutes, the parts that are left are named; default ${ALL_MINUTES}, quick ${QUICK_MINUTES}
  --quick         small sizes and few samples: whether everything works
  --out DIR       where measured.json, measured.md and log.txt are written, after every part; default results

Each part runs in a process of its own: one that fails, hangs or crashes is an entry that says so, and the next one runs.
A driver in an unusual place: VK_DRIVER_FILES=/path/to/nvidia_icd.json ./measure. A Python with PyTorch: TORCH_PYTHON=FILE.
Leaves with 0 where every part has an entry, with 1 where none could be written, with 2 when called wrongly.`;

const HINT = "./measure --help lists the options";

const isPart = (name: string): name is PartName => name in parts;

/** Throws UsageError for what is not in the help. */
export function parseMeasureOptions(args: readonly string[], folder: string): MeasureOptions {
  let values: { part?: string[]; minutes?: string; quick?: boolean; out?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        part: { type: "string", multiple: true },
        minutes: { type: "string" },
        quick: { type: "boolean" },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError(`measure: ${error instanceof Error ? error.message.split(". ")[0] : error}`, HINT);
  }
  const asked = (values.part ?? []).flatMap((text) => text.split(","));
  const unknown = asked.find((name) => !isPart(name));
  if (unknown !== undefined)
    throw new UsageError(`measure: there is no part "${unknown}", expected ${partNames.join(", ")}`, HINT);
  const minutes = values.minutes === undefined ? (values.quick ? QUICK_MINUTES : ALL_MINUTES) : Number(values.minutes);
  if (!(minutes > 0)) throw new UsageError(`measure: --minutes is ${values.minutes}, expected a positive number`, HINT);
  return {
    chosen: asked.length > 0 ? asked.filter(isPart) : partNames,
    minutes,
    isQuick: values.quick === true,
    wantsHelp: values.help === true,
    out: values.out === undefined ? folder : resolve(values.out),
  };
}
