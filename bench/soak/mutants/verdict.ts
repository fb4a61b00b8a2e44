/**
 * What a reader's answer to a damaged file is worth: it may take the file, or refuse it by an error of ours in one line that
 * says where and what. Everything else is a fault.
 */
import { StateDictError, TensoroneError } from "../../../src/util/errors.js";
import { printable } from "../../../src/util/printable.js";
import { LinesError } from "./subjects/subject.js";

export type Verdict =
  | { readonly kind: "taken" | "refused" }
  | { readonly kind: "fault"; readonly why: string; readonly stack: string };

/** Two names of 4,096 bytes (util/budget), each of them escaped as four signs; what is longer quotes a file. */
const LONGEST_LINE = 32_768;
/** What the engine says of programs that did not look before they leapt; in a message of ours it is as bad. */
const engineWords =
  /Maximum call stack|Invalid (typed )?array (buffer )?length|Array buffer allocation|Cannot (read propert|set propert|convert|destructure|mix)|is not (a function|iterable|a constructor|defined)|out of bounds|Invalid time value|circular structure|\[object /i;
/** `where: what came`. */
const shape = /^[^\s:][^\n]*?(: | line \d+)/;

const firstLines = (text: string): string => text.split("\n").slice(0, 6).join("\n");

function faultOf(error: unknown): string | null {
  if (!(error instanceof TensoroneError))
    return error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : `thrown ${String(error)}`;
  const { summary, hint = "" } = error;
  // a state dict that does not fit is told in three lines at most
  const whole = `${error instanceof StateDictError ? summary.replaceAll("\n", " ") : summary}${hint}`;
  if (summary.length > LONGEST_LINE) return `a line of ${summary.length} characters`;
  if (printable(whole) !== whole) return "a line with control characters, or more than one";
  const words = engineWords.exec(whole)?.[0];
  if (words !== undefined) return `the engine's words "${words}" in a line of ours`;
  return shape.test(summary) ? null : "a line that does not begin with where";
}

/** The verdict on what was thrown. */
export function judge(error: unknown): Verdict {
  const why =
    error instanceof LinesError
      ? (error.lines.map((line) => faultOf(new TensoroneError(line))).find((one) => one !== null) ?? null)
      : faultOf(error);
  if (why === null) return { kind: "refused" };
  const { stack = "", message = String(error) } = error instanceof Error ? error : {};
  return { kind: "fault", why, stack: firstLines(stack || message) };
}

/** Runs a reader to its end. */
export async function verdictOn(read: () => unknown): Promise<Verdict> {
  try {
    await read();
    return { kind: "taken" };
  } catch (error) {
    return judge(error);
  }
}
