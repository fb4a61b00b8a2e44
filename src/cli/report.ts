/**
 * How a failure is told: a line and its hint on stderr, under --json one object on stdout, and the exit code.
 */
import { TensoroneError, UsageError } from "../util/errors.js";
import { jsonLine } from "../util/escape.js";
import { Terminal } from "../util/terminal.js";

/** Tells it, and returns the exit code: 2 for a line that cannot be understood, else 1. The stack only for those who ask. */
export function report(error: unknown, isJson: boolean): number {
  const summary =
    error instanceof TensoroneError ? error.summary : error instanceof Error ? error.message : String(error);
  const isOurs = error instanceof TensoroneError || (error instanceof Error && "syscall" in error);
  const hint =
    error instanceof TensoroneError ? error.hint : isOurs ? undefined : "DEBUG=tensorone shows where this came from";
  const terminal = new Terminal(process.stderr, process.env);
  // several lines are the author's where the error is ours, and a file's name where it is the system's
  const [first = "", ...more] = error instanceof TensoroneError ? summary.split("\n") : [summary];
  terminal.print(`${terminal.paint("red", "error:")} ${first}`);
  for (const line of more) terminal.print(line);
  if (hint !== undefined) terminal.print(`  hint: ${hint}`);
  if (process.env.DEBUG === "tensorone" && error instanceof Error)
    for (const line of (error.stack ?? "").split("\n")) terminal.print(line);
  const name = error instanceof Error ? error.name : "Error";
  if (isJson) printJson({ error: { name, message: summary, hint: hint ?? null } });
  return error instanceof UsageError ? 2 : 1;
}

/** The one object of --json. */
export function printJson(value: unknown): void {
  process.stdout.write(jsonLine(value));
}
