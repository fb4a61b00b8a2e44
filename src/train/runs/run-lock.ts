/**
 * One run, one folder: `<out>/run.lock` names the process that writes there. It is made in one step, and goes with the process; that
 * of a process that is gone is taken over.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RunFolderError } from "../../util/errors.js";
import { fileStatus } from "../../util/file-status.js";
import { printable } from "../../util/printable.js";
import { shownPath } from "../../util/shown-path.js";

/** Name of the lock in a run folder. */
export const LOCK_NAME = "run.lock";

/** Whoever makes the file needs a moment to fill it. */
const FILLED_MS = 1000;
const LOOK_MS = 50;
/** Removing a run of some hundred files takes less. */
const REMOVED_MS = 1000;

/** Who holds a folder. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells a process from a later one with its number; null where the system does not say. */
  readonly started: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** When a process began, as boot and clock ticks since; "gone" for one that has ended, null where there is no /proc. */
function startOf(pid: number): string | "gone" | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const path = `/proc/${pid}/stat`;
    if (!existsSync(path)) return "gone";
    const stat = readFileSync(path, "utf8");
    // the name before it may hold spaces and brackets (proc(5): field 3 is the state, 22 the start)
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "gone" : `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startOf(pid);
  return now === null || started === null ? now !== "gone" : now === started;
}

/** null for what is no lock, or only begun. */
function parse(text: string): Holder | null {
  try {
    const { host, pid, started = null, since } = JSON.parse(text) as Partial<Holder>;
    return typeof host === "string" && Number.isSafeInteger(pid) && pid! > 0 && typeof since === "string"
      ? { host, pid: pid!, started: typeof started === "string" ? started : null, since }
      : null;
  } catch {
    return null;
  }
}

/** Tells a file from another one of its name; "" where there is none. */
function markOf(path: string): string {
  const found = fileStatus(path);
  return found ? `${found.ino} ${found.mtimeMs}` : "";
}

const shown = ({ host, pid, since }: Holder): string =>
  `process ${pid} on ${printable(host)}, since ${printable(since)}`;

export class RunLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #text: string;
  /** Its file; numbers of files alone are given away again. */
  #mark = "";
  readonly #atExit = () => this.release();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, LOCK_NAME);
    const { pid } = process;
    const holder: Holder = { host: hostname(), pid, started: startOf(pid), since: new Date().toISOString() };
    this.#text = `${JSON.stringify(holder)}\n`;
  }

  /**
   * Takes a folder, which is there, for this process. Throws RunFolderError where another process has it, or had it on another
   * machine; `notice` hears of one that is gone.
   */
  static async take(folder: string, notice: (text: string) => void): Promise<RunLock> {
    const lock = new RunLock(folder);
    while (!lock.#make()) await lock.#judge(notice);
    process.on("exit", lock.#atExit);
    return lock;
  }

  /** Throws RunFolderError where the folder is gone, or another run has taken it. */
  async expectHeld(): Promise<void> {
    if (this.#isHeld) return;
    const where = shownPath(this.#folder);
    const before = this.#names();
    // a folder that is being removed loses its files one by one
    if (before !== null) await sleep(REMOVED_MS);
    const after = this.#names();
    // only the lock was removed: nobody else has the folder
    if (after !== null && after === before && this.#make()) return;
    if (after === null || !existsSync(this.#path))
      throw new RunFolderError(
        `train: the run folder ${where} is gone`,
        "it was removed or renamed while the run went on; where it still is, --resume goes on from its newest checkpoint",
      );
    throw new RunFolderError(
      `train: another run has taken ${where}, this one ends`,
      "remove no lock of a run that goes on",
    );
  }

  /** Gives the folder back. Does nothing to another run's lock. */
  release(): void {
    process.off("exit", this.#atExit);
    try {
      if (this.#isHeld) rmSync(this.#path, { force: true });
    } catch {
      // a folder that is gone or locked has no lock to give back
    }
  }

  get #isHeld(): boolean {
    return markOf(this.#path) === this.#mark;
  }

  /** What is in the folder; null where it is gone. */
  #names(): string | null {
    try {
      return readdirSync(this.#folder, { recursive: true }).sort().join("\n");
    } catch {
      return null;
    }
  }

  /** Whether nobody had it. */
  #make(): boolean {
    try {
      writeFileSync(this.#path, this.#text, { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
    this.#mark = markOf(this.#path);
    return true;
  }

  /** Removes the lock of a process that is gone. */
  async #judge(notice: (text: string) => void): Promise<void> {
    let text = this.#read();
    for (let waited = 0; text !== null && parse(text) === null && waited < FILLED_MS; waited += LOOK_MS) {
      await sleep(LOOK_MS);
      text = this.#read();
    }
    if (text === null) return;
    const holder = parse(text);
    const where = shownPath(this.#folder);
    if (holder && holder.host !== hostname())
      throw new RunFolderError(
        `train: ${where} is held by ${shown(holder)}`,
        `whether that still runs, ${printable(holder.host)} alone can tell; if it does not, remove ${shownPath(this.#path)}`,
      );
    if (holder && isAlive(holder))
      throw new RunFolderError(
        `train: ${where} is held by ${shown(holder)}, which is writing there`,
        "another --out starts another run; this one goes on with --resume once that has ended",
      );
    if (this.#takeAway(text))
      notice(`${where}: ${holder ? `${shown(holder)}, is gone and left its lock` : "its lock is damaged"}: taken over`);
  }

  #read(): string | null {
    try {
      return readFileSync(this.#path, "utf8");
    } catch {
      return null;
    }
  }

  /** Of two that find a lock stale, one takes it away; what the other one made in the meantime is put back. */
  #takeAway(stale: string): boolean {
    const aside = `${this.#path}.${process.pid}.tmp`;
    try {
      renameSync(this.#path, aside);
    } catch {
      return false;
    }
    if (readFileSync(aside, "utf8") === stale) {
      rmSync(aside, { force: true });
      return true;
    }
    renameSync(aside, this.#path);
    return false;
  }
}
