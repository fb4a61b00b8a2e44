/**
 * A player repeats one piece of work in a process of its own, one step each time it is told to: its memory is its own, and
 * several players can take turns, so that noise hits them alike. The language between the two is one line of JSON each
 * way: {"ready"} or {"skip": reason} at the start, "step" answered by {"ms"}, "end" answered by a summary. step-player.ts
 * and compare/*.py speak it.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { TensoroneError } from "../../src/util/errors.js";

/** What a player says when it ends; more where it knows more. */
export interface PlayerSummary {
  /** The most memory that the process ever held. */
  readonly peakResidentBytes: number;
  readonly [more: string]: unknown;
}

/** A player that ended or said what nobody understands. */
export class PlayerError extends TensoroneError {}

type Answer = { readonly [key: string]: unknown };

export class Player {
  readonly name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Starts a player; a string says why it cannot play. Throws PlayerError when it fails otherwise. */
  static async start(name: string, command: string, args: readonly string[]): Promise<Player | string> {
    const player = new Player(name, command, args);
    const isMissing = new Promise<Answer>((resolve) => {
      player.#child.on("error", (error) => resolve({ skip: error.message }));
    });
    const first = await Promise.race([player.#answer(), isMissing]);
    if (typeof first.skip === "string") {
      player.stop();
      return first.skip;
    }
    return player;
  }

  /** One step; how long it took, by the player's own clock. */
  async step(): Promise<number> {
    this.#child.stdin.write("step\n");
    const { ms } = await this.#answer();
    if (typeof ms !== "number") throw new PlayerError(`${this.name}: no time in its answer, expected {"ms"}`);
    return ms;
  }

  /** Lets it say its summary and go. */
  async end(): Promise<PlayerSummary> {
    this.#child.stdin.end("end\n");
    const summary = await this.#answer();
    if (typeof summary.peakResidentBytes !== "number")
      throw new PlayerError(`${this.name}: no peakResidentBytes in its summary`);
    return summary as PlayerSummary;
  }

  /** Ends it without asking. */
  stop(): void {
    this.#reader.close();
    this.#child.kill();
  }

  async #answer(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done)
      throw new PlayerError(
        `${this.name}: its process ended early`,
        "its own message is above; is there memory enough?",
      );
    try {
      return JSON.parse(value) as Answer;
    } catch {
      throw new PlayerError(`${this.name}: said "${value.slice(0, 80)}", expected one line of JSON`);
    }
  }
}

export interface Rounds {
  /** Not counted. */
  readonly warmUp: number;
  readonly counted: number;
}

/** Lets the players take turns; the counted times of each, in ms. */
export async function takeTurns(players: readonly Player[], { warmUp, counted }: Rounds): Promise<number[][]> {
  const times = players.map((): number[] => []);
  for (let round = -warmUp; round < counted; round++)
    for (const [i, player] of players.entries()) {
      const ms = await player.step();
      if (round >= 0) times[i]!.push(ms);
    }
  return times;
}
