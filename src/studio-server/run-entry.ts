/**
 * What is said of a run: types, and pure functions over them, for the server and for the page. Everything in them came from files that
 * anybody may have written: who shows it escapes it.
 */
import { type LogCurves, type StepColumn, stepColumns } from "../report/facts/log-curves.js";

/** A value of an option as it is compared and shown. */
export type OptionValue = string | number | boolean | null;
/** Options of a run by path, such as "optimizer.lr". */
export type RunOptionValues = Readonly<Record<string, OptionValue>>;

/**
 * running: a process of this machine has the folder; elsewhere: one of another machine said so, and it alone can tell; finished: the model
 * was delivered; stopped: it ended before; begun: no step was done.
 */
export type RunState = "running" | "elsewhere" | "finished" | "stopped" | "begun";

/** A run in the list of runs; null is what is not known. */
export interface RunEntry {
  /** Path of its folder below the folder of runs, with "/"; "." for that folder itself. */
  readonly id: string;
  readonly state: RunState;
  /** ISO 8601, UTC. */
  readonly startedAt: string | null;
  /** Of the log's last line, milliseconds since 1970. */
  readonly changedAt: number | null;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly stepsPerEpoch: number | null;
  /** Of the last step. */
  readonly loss: number | null;
  /** Of the last step. */
  readonly imagesPerSecond: number | null;
  /** Percent, of the last validation. */
  readonly top1: number | null;
  /** Percent, of the best validation. */
  readonly bestTop1: number | null;
  readonly options: RunOptionValues;
  readonly hasReport: boolean;
  /** Changes whenever its curves do. */
  readonly version: string;
}

/** The curves of a run by columns of equal length, as JSON holds them: null where a step had no finite number. */
export interface RunCurves {
  readonly version: string;
  readonly stepsPerEpoch: number | null;
  readonly step: readonly number[];
  readonly elapsedMs: readonly number[];
  readonly columns: Readonly<Record<StepColumn, readonly (number | null)[]>>;
  readonly validations: {
    readonly step: readonly number[];
    readonly elapsedMs: readonly number[];
    readonly figures: Readonly<Record<string, readonly (number | null)[]>>;
  };
}

/** What of machine.json's last stretch an entry tells. */
export interface KnownSession {
  readonly startedAt: string;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly cpu: string;
  readonly node: string;
  readonly backend: string;
  readonly processes: number;
}

/** What an entry is made of. */
export interface RunParts {
  readonly id: string;
  readonly log: LogCurves;
  readonly version: string;
  readonly state: RunState;
  readonly changedAt: number | null;
  readonly hasReport: boolean;
  /** recipe.json, else null. */
  readonly recipe: unknown;
  /** run.json, which counts where there is no recipe. */
  readonly run: unknown;
  readonly session: KnownSession | undefined;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The entry of a run: the recipe as it ran, what was asked for beside it, and the machine of its last stretch as options. */
export function runEntry({ log, recipe, run, session, ...rest }: RunParts): RunEntry {
  const tops = log.validations.flatMap(({ figures }) => (figures.top1 === undefined ? [] : [figures.top1]));
  const machine = session && {
    machine: { cpu: session.cpu, node: session.node, backend: session.backend, processes: session.processes },
  };
  const said = recipe === null ? { run: run ?? {} } : recipe;
  return {
    ...rest,
    startedAt: session?.startedAt ?? null,
    step: log.lastStep,
    totalSteps: session?.totalSteps ?? null,
    stepsPerEpoch: session?.stepsPerEpoch ?? log.stepsPerEpoch,
    loss: finite(log.lastLoss),
    imagesPerSecond: finite(log.lastSpeed),
    top1: tops.at(-1) ?? null,
    bestTop1: tops.length === 0 ? null : tops.reduce((a, b) => Math.max(a, b)),
    options: flatOptions({ ...said, ...machine }),
  };
}

/** Figures of a curve are read from a picture: more digits are half of what travels. */
const SIGNIFICANT = 5;

const rounded = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(SIGNIFICANT)) : null;

/** At most `most` points of the curves that a log holds so far, each the mean of its neighbours; every validation. */
export function runCurves(log: LogCurves, version: string, most: number): RunCurves {
  const points = log.points(most);
  const { validations } = log;
  const names = new Set(validations.flatMap(({ figures }) => Object.keys(figures)));
  return {
    version,
    stepsPerEpoch: log.stepsPerEpoch,
    step: points.map(({ step }) => step),
    elapsedMs: points.map(({ elapsedMs }) => Math.round(elapsedMs)),
    columns: Object.fromEntries(
      stepColumns.map((name) => [name, points.map(({ values }) => rounded(values[name]))]),
    ) as Record<StepColumn, (number | null)[]>,
    validations: {
      step: validations.map(({ step }) => step),
      elapsedMs: validations.map(({ elapsedMs }) => Math.round(elapsedMs)),
      figures: Object.fromEntries(
        [...names].map((name) => [name, validations.map(({ figures }) => rounded(figures[name] ?? Number.NaN))]),
      ),
    },
  };
}

/** Fields of a JSON object by path; lists, and what nests deeper than people look, as their JSON. */
export function flatOptions(value: unknown, path = "", depth = 4): Record<string, OptionValue> {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return { [path]: value };
  if (typeof value !== "object" || Array.isArray(value) || depth === 0)
    return { [path]: JSON.stringify(value) ?? null };
  const parts = Object.entries(value).map(([name, part]) =>
    flatOptions(part, path === "" ? name : `${path}.${name}`, depth - 1),
  );
  return Object.assign({}, ...parts) as Record<string, OptionValue>;
}

/** Paths of the options that are not the same in all of the runs, in the order of the runs' files. */
export function differingOptions(runs: readonly { readonly options: RunOptionValues }[]): readonly string[] {
  const values = new Map<string, { readonly said: Set<OptionValue>; runs: number }>();
  for (const { options } of runs)
    for (const [path, value] of Object.entries(options)) {
      const known = values.get(path) ?? { said: new Set<OptionValue>(), runs: 0 };
      known.said.add(value);
      known.runs++;
      values.set(path, known);
    }
  return [...values].flatMap(([path, { said, runs: count }]) => (said.size > 1 || count < runs.length ? [path] : []));
}
