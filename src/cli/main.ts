#!/usr/bin/env node
/**
 * The command line: finds the command, lets it run, and leaves with 0 (done), 1 (failed), 2 (called wrongly) or 128 plus
 * the signal. People are spoken to on stdout, under --json on stderr, where stdout gets one JSON object.
 */
import "../index.js"; // gives tensors their methods and gradients
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TensoroneError, UsageError } from "../util/errors.js";
import { Terminal } from "../util/terminal.js";
import type { Outcome } from "./command.js";
import { commandNamed, commands } from "./commands/index.js";
import { commandHelp, overallHelp } from "./help.js";
import { parse } from "./parse.js";
import { callerPrefix, packageRoot } from "./paths.js";

const version = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;

/** Runs a command line, without the leading "tensorone"; null where there is only text to print. */
async function run(args: readonly string[], isJson: boolean): Promise<Outcome | null> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const [asked] = rest;
    const about =
      name === "help" && asked !== undefined ? commandNamed(asked) : commands.find((one) => one.name === asked);
    return say(about ? commandHelp(about) : overallHelp(commands, version()), name === undefined ? 2 : 0);
  }
  if (name === "--version" || name === "version") return say(version());
  const command = commandNamed(name);
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
