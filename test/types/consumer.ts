/**
 * A project that has installed the package and nothing else: a folder with node_modules/tensorone, a strict tsconfig whose
 * only library is ES2022, and no types of Node, DOM or WebGPU. Any TypeScript compiler can be asked what it says there.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const packageRoot = join(import.meta.dirname, "..", "..");
/** The compiler of this checkout; a script for Node, as every version's bin/tsc is. */
export const installedTsc = join(packageRoot, "node_modules", "typescript", "bin", "tsc");

export interface Compilation {
  /** Default: the installed one. */
  readonly tsc?: string;
  readonly moduleResolution: "nodenext" | "bundler";
  readonly exactOptionalPropertyTypes: boolean;
}

export interface Consumer {
  readonly folder: string;
  /** What the compiler complains about, line by line; empty where all is well. */
  check(compilation: Compilation): Promise<readonly string[]>;
  /** Declaration files of the package that the project reaches, without their folder. */
  reached(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

async function linesOf(tsc: string, args: readonly string[], cwd: string): Promise<readonly string[]> {
  const { stdout } = await run(process.execPath, [tsc, ...args], { cwd, maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      // a compiler that finds errors prints them on stdout; one that cannot start does not
      if (!error.stdout) throw error;
      return { stdout: error.stdout };
    },
  );
  return stdout.split("\n").filter((line) => line !== "");
}

/** Writes `files` (name -> text) into a new folder; `installed` is the folder that stands for the package. */
export async function makeConsumer(
  files: Readonly<Record<string, string>>,
  installed: string = packageRoot,
): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), "tensorone-types-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(installed, join(folder, "node_modules", "tensorone"), "dir");
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  /** Returns the name of a tsconfig. */
  async function configure({ moduleResolution, exactOptionalPropertyTypes }: Compilation): Promise<string> {
    const name = `tsconfig.${moduleResolution}.${exactOptionalPropertyTypes}.json`;
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022"],
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      module: moduleResolution === "bundler" ? "esnext" : moduleResolution,
      moduleResolution,
      exactOptionalPropertyTypes,
      // the link's own place, or packages of this checkout would be in sight
      preserveSymlinks: true,
    };
    await writeFile(join(folder, name), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
    return name;
  }
  return {
    folder,
    check: async (compilation) =>
      linesOf(compilation.tsc ?? installedTsc, ["--pretty", "false", "-p", await configure(compilation)], folder),
    reached: async () => {
      const name = await configure({ moduleResolution: "nodenext", exactOptionalPropertyTypes: true });
      const listed = await linesOf(installedTsc, ["--listFilesOnly", "-p", name], folder);
      return listed.flatMap((file) => /node_modules\/tensorone\/(.+)$/.exec(file)?.[1] ?? []);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
