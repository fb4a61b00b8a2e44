#!/usr/bin/env node
/**
 * The command line: finds the command, lets it run, and leaves with 0 (done), 1 (failed), 2 (called wrongly) or 128 plus
 * the signal. People are spoken to on stdout, under --json on stderr, where stdout gets one JSON object.
 */
import "../index.js"; // gives tensors their methods and gradients
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TensoroneError, UsageError } from "../util/errors.js";
import { nearestName } from "../util/nearest.js";
import { Terminal } from "../util/terminal.js";
import type { Command, Outcome } from "./command.js";
import { bench } from "./commands/bench.js";
import { browse } from "./commands/browse.js";
import { conversion } from "./commands/convert.js";
import { evaluation } from "./commands/eval.js";
import { exporting } from "./commands/export.js";
import { predict } from "./commands/predict.js";
import { preparation } from "./commands/prepare.js";
import { reparameterization } from "./commands/reparameterize.js";
import { schedule } from "./commands/schedule.js";
import { summary } from "./commands/summary.js";
import { training } from "./commands/train.js";
import { verification } from "./commands/verify-dataset.js";
import { commandHelp, overallHelp } from "./help.js";
import { parse } from "./parse.js";
import { callerPrefix, packageRoot } from "./paths.js";

// a table of many commands: each one's values were typed where it was defined
const commands = [
  training,
  evaluation,
  predict,
  preparation,
  verification,
  reparameterization,
  exporting,
  conversion,
  schedule,
  browse,
  summary,
  bench,
] as unknown as readonly Command[];

const version = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;

/** Runs a command line, without the leading "tensorone"; null where there is only text to print. */
async function run(args: readonly string[], isJson: boolean): Promise<Outcome | null> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const about = commands.find((command) => command.name === rest[0]);
    if (name === "help" && rest[0] !== undefined && !about) throw unknownCommand(rest[0]);
    return say(about ? commandHelp(about) : overallHelp(commands, version()), name === undefined ? 2 : 0);
  }
  if (name === "--version" || name === "version") return say(version());
  const command = commands.find((one) => one.name === name);
  if (!command) throw unknownCommand(name);
  if (!command.takesAnything && asksForHelp(rest)) return say(commandHelp(command));
  const { values, words, given } = command.takesAnything
    ? { values: {}, words: rest, given: new Set<string>() }
    : parse(command, rest);
  const terminal = new Terminal(isJson ? process.stderr : process.stdout, process.env);
  const aside = process.stdout.isTTY ? terminal : new Terminal(process.stderr, process.env);
  return command.run(values, words, { terminal, aside, caller: callerPrefix() }, given);
}

const asksForHelp = (args: readonly string[]): boolean => args.includes("--help") || args.includes("-h");

function say(text: string, exitCode = 0): null {
  process.stdout.write(`${text}\n`);
  process.exitCode = exitCode;
  return null;
}

function unknownCommand(given: string): UsageError {
  const names = commands.map(({ name }) => name);
  const nearest = nearestName(given, names);
  const kind = given.startsWith("-") ? "option" : "command";
  return new UsageError(
    `tensorone: unknown ${kind} ${given}${nearest === undefined ? "" : `, the nearest is ${nearest}`}`,
    `known commands are ${names.join(", ")}`,
  );
}

/** One line and its hint; the stack only for those who ask. */
function report(error: unknown, isJson: boolean): number {
  const summary =
    error instanceof TensoroneError ? error.summary : error instanceof Error ? error.message : String(error);
  const isOurs = error instanceof TensoroneError || (error instanceof Error && "syscall" in error);
  const hint =
    error instanceof TensoroneError ? error.hint : isOurs ? undefined : "DEBUG=tensorone shows where this came from";
  const terminal = new Terminal(process.stderr, process.env);
  terminal.print(`${terminal.paint("red", "error:")} ${summary}`);
  if (hint !== undefined) terminal.print(`  hint: ${hint}`);
  if (process.env.DEBUG === "tensorone" && error instanceof Error) terminal.print(error.stack);
  const name = error instanceof Error ? error.name : "Error";
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { name, message: summary, hint: hint ?? null } })}\n`);
  return error instanceof UsageError ? 2 : 1;
}

/** The reader of a pipe left: so do we, as any filter does. */
function leaveWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(141);
  throw error;
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write("", () => resolve()));

process.stdout.on("error", leaveWithReader);
const args = process.argv.slice(2);
const isJson = args.includes("--json");
try {
  const outcome = await run(args, isJson);
  if (outcome?.json && isJson) process.stdout.write(`${JSON.stringify(outcome.json)}\n`);
  if (outcome) process.exitCode = outcome.exitCode ?? 0;
} catch (error) {
  process.exitCode = report(error, isJson);
}
await flushed(process.stdout);
// worker threads of a backend may still be parked
process.exit();
