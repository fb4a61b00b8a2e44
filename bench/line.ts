/** Which study a command line means, with or without its name. */
import { UsageError } from "../src/util/errors.js";
import { nearestName } from "../src/util/nearest.js";
import { type StudyName, studyNames } from "./studies/index.js";

export interface BenchLine {
  readonly name: StudyName;
  /** The words that are the study's own. */
  readonly rest: readonly string[];
}

/** The study that the first word names; else op for --op, gpu for --backend gpu, usual. Throws UsageError for a word that names none. */
export function studyOf(args: readonly string[]): BenchLine {
  const [first, ...rest] = args;
  if (first !== undefined && !first.startsWith("-")) {
    const name = studyNames.find((one) => one === first);
    if (name !== undefined) return { name, rest };
    const nearest = nearestName(first, studyNames);
    throw new UsageError(
      `bench: there is no study ${first}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
      "npm run bench -- --list shows all of them",
    );
  }
  if (args.some((word) => word === "--op" || word.startsWith("--op="))) return { name: "op", rest: args };
  const backend = args.findIndex((word) => /^--backend(=|$)/.test(word));
  if (backend >= 0) {
    const [word, next] = [args[backend]!, args[backend + 1]];
    const value = word.includes("=") ? word.slice(word.indexOf("=") + 1) : next;
    const after = backend + (word.includes("=") ? 1 : 2);
    const others = [...args.slice(0, backend), ...args.slice(after)];
    if (value === "gpu" || value === "wasm") return { name: value === "gpu" ? "gpu" : "usual", rest: others };
    throw new UsageError(`bench: --backend is ${value ?? "not given"}, expected wasm or gpu`);
  }
  return { name: "usual", rest: args };
}
