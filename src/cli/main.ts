#!/usr/bin/env node
/**
 * The command line: finds the command, lets it run, and leaves with 0 (done), 1 (failed), 2 (called wrongly) or 128 plus
 * the signal. People are spoken to on stdout, under --json on stderr, where stdout gets one JSON object.
 */
import { setFallbackWarnings } from "../backends/wasm/fallbacks.js";
import "../index.js"; // gives tensors their methods and gradients
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withPath } from "../util/io-error.js";
import { Terminal, textWidth } from "../util/terminal.js";
import type { Outcome } from "./command.js";
import { commandNamed, commands } from "./commands/index.js";
import { commandHelp, overallHelp } from "./help.js";
import { isLastAttempt } from "./launch/launch.js";
import { parse } from "./parse.js";
import { callerPrefix, packageRoot } from "./paths.js";
import { printJson, report } from "./report.js";
import { hasReaderLeft, leavesInOrder, READER_LEFT } from "./signals.js";

const version = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;

/** Runs a command line, without the leading "tensorone"; null where there is only text to print. */
async function run(args: readonly string[], isJson: boolean): Promise<Outcome | null> {
  // the option that every command takes may stand before it
  const [name, ...rest] = args.filter((word, i) => i > 0 || word !== "--json");
  const width = textWidth(process.stdout, process.env);
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const [asked] = rest;
    const about =
      name === "help" && asked !== undefined ? commandNamed(asked) : commands.find((one) => one.name === asked);
    const help = about ? commandHelp(about, width) : overallHelp(commands, version(), width);
    return say({ help }, isJson, name === undefined ? 2 : 0);
  }
  if (name === "--version" || name === "version") return say({ version: version() }, isJson);
  const command = commandNamed(name);
  if (!command.takesAnything && asksForHelp(rest)) return say({ help: commandHelp(command, width) }, isJson);
  const { values, words, given } = command.takesAnything
    ? { values: {}, words: isJson && !rest.includes("--json") ? [...rest, "--json"] : rest, given: new Set<string>() }
    : parse(command, rest);
  const terminal = new Terminal(isJson ? process.stderr : process.stdout, process.env);
  const aside = process.stdout.isTTY ? terminal : new Terminal(process.stderr, process.env);
  return command.run(values, words, { terminal, aside, caller: callerPrefix() }, given);
}

const asksForHelp = (args: readonly string[]): boolean => args.includes("--help") || args.includes("-h");

/** A text by its name, which only programs want to know. */
function say(named: { readonly [name: string]: string }, isJson: boolean, exitCode = 0): null {
  if (isJson) printJson(named);
  else process.stdout.write(`${Object.values(named).join("\n")}\n`);
  process.exitCode = exitCode;
  return null;
}

/** What cannot be written is told once. */
let isMute = false;

/** The reader of a pipe left: so do we, as any filter does, or the run saves first. */
function leaveWithReader(error: NodeJS.ErrnoException): void {
  const isLeft = hasReaderLeft(error);
  if (!isLeft && !isMute) report(withPath(error, "standard output"), false);
  isMute = true;
  if (!leavesInOrder()) process.exit(isLeft ? READER_LEFT : 1);
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write("", () => resolve()));

process.stdout.on("error", leaveWithReader);
// notes that nobody reads end nothing
process.stderr.on("error", () => {});
const args = process.argv.slice(2);
const isJson = args.includes("--json");
if (isJson) setFallbackWarnings(false);
try {
  const outcome = await run(args, isJson);
  if (outcome?.json && isJson) printJson(outcome.json);
  if (outcome) process.exitCode = outcome.exitCode ?? 0;
} catch (error) {
  // one object in all: the next attempt has the word
  process.exitCode = report(error, isJson && isLastAttempt(process.env));
}
await flushed(process.stdout);
// worker threads of a backend may still be parked
process.exit();
