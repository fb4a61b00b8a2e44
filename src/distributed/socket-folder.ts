/**
 * The folder of the Unix sockets of one start: made by the launcher, known only to its ranks, taken away when they have ended. One
 * that a killed launcher has left is swept by the next launcher.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "tensorone-ranks-";
/** Who made a folder; absent for a moment after it was made. */
const OWNER_NAME = "owner";
/** A folder without an owner is nobody's after this: its launcher was killed between two calls. */
const UNOWNED_MS = 60_000;

/** Makes one in `parent` for the ranks of this process, for whom alone it is (mode 700), after those of dead launchers are gone. */
export async function makeSocketFolder(parent = tmpdir()): Promise<string> {
  await sweepSocketFolders(parent);
  const folder = await mkdtemp(join(parent, PREFIX));
  await writeFile(join(folder, OWNER_NAME), ownerOf(process.pid));
  return folder;
}

/** Takes away what launchers of this user and machine have left that are no more; says which. */
export async function sweepSocketFolders(parent = tmpdir()): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  const left = await Promise.all(
    names
      .filter((name) => name.startsWith(PREFIX))
      .map(async (name) => {
        const folder = join(parent, name);
        if (!(await isAbandoned(folder))) return [];
        await rm(folder, { recursive: true, force: true }).catch(() => {});
        return [folder];
      }),
  );
  return left.flat();
}

async function isAbandoned(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory() || (process.getuid && found.uid !== process.getuid())) return false;
  const owner = await readFile(join(folder, OWNER_NAME), "utf8").catch(() => "");
  if (owner === "") return Date.now() - found.mtimeMs > UNOWNED_MS;
  const [place, pid] = owner.split(" ");
  // of another machine or container, which shares the folder, nobody here knows who lives
  if (place !== placeOfProcesses()) return false;
  return ownerOf(Number(pid)) !== owner;
}

/** Where process ids mean the same, the id, and when the process began, since ids come again; "" where there is no such process. */
function ownerOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "";
  }
  return `${placeOfProcesses()} ${pid} ${beginOf(pid)}`;
}

function placeOfProcesses(): string {
  try {
    return `${hostname()}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** Ticks since the machine started (proc(5), field 22 of stat); "" where the system does not say. */
function beginOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    // the name before may hold spaces and brackets
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
