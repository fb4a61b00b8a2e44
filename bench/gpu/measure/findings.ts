/** What `measure` has found so far, as a JSON object and as a page, both written anew after every part. */
import { join } from "node:path";
import { writeFileAtomic } from "../../../src/util/atomic-file.js";
import { type Machine, machineLine } from "../../measure/machine.js";
import { asMarkdown } from "../../report/tables.js";
import type { Row, Told } from "./part.js";
import { type PartName, parts } from "./parts.js";

/** waiting: its turn has not come. left out: there was no time for it, or nobody asked. */
export type PartState = "waiting" | "running" | "done" | "failed" | "left out";

export interface PartEntry {
  readonly name: PartName;
  state: PartState;
  seconds: number | null;
  /** Of a part that failed or was left out. */
  reason: string | null;
  /** By title, in the order in which they began. */
  readonly tables: Record<string, Row[]>;
  readonly notes: string[];
}

/** A cell: four figures of what is not whole. */
export const shown = (value: Row[string] | undefined): string => {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
};

const inCell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function sectionOf({ name, state, seconds, reason, tables, notes }: PartEntry): string[] {
  const took = seconds === null ? "" : `, ${seconds.toFixed(0)} s`;
  const lines = [`## ${parts[name].title} (\`${name}\`)`, `**${state}**${took}${reason === null ? "" : `: ${reason}`}`];
  for (const note of notes) lines.push(note);
  for (const [title, rows] of Object.entries(tables)) {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const cells = rows.map((row) => columns.map((column) => inCell(shown(row[column]))));
    lines.push(`### ${title}`, asMarkdown({ head: columns.map(inCell), rows: cells }));
  }
  return lines;
}

export class Findings {
  readonly entries: readonly PartEntry[];
  readonly #machine: Machine;
  readonly #folder: string;
  readonly #isQuick: boolean;

  constructor(names: readonly PartName[], machine: Machine, folder: string, isQuick: boolean) {
    this.entries = names.map((name) => ({
      ...{ name, state: "waiting", seconds: null, reason: null, tables: {}, notes: [] },
    }));
    this.#machine = machine;
    this.#folder = folder;
    this.#isQuick = isQuick;
  }

  tell(entry: PartEntry, told: Told): void {
    if ("note" in told) {
      entry.notes.push(told.note);
      return;
    }
    entry.tables[told.table] ??= [];
    entry.tables[told.table]!.push(told.row);
  }

  get #page(): string {
    const lines = [
      "# Measured on this machine",
      `Written by \`./measure${this.#isQuick ? " --quick" : ""}\`, after every part.`,
      `${machineLine(this.#machine)}.`,
      ...(this.#isQuick
        ? ["**Quick: small sizes, few samples. It says that things work, not how fast they are.**"]
        : []),
      ...this.entries.flatMap(sectionOf),
    ];
    return `${lines.join("\n\n")}\n`;
  }

  async write(): Promise<void> {
    const found = { schema: 1, isQuick: this.#isQuick, machine: this.#machine, parts: this.entries };
    await writeFileAtomic(join(this.#folder, "measured.json"), `${JSON.stringify(found, null, 1)}\n`);
    await writeFileAtomic(join(this.#folder, "measured.md"), this.#page);
  }
}
