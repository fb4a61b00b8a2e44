/**
 * Packs the checkout once and installs it, as a new user would, into an empty project outside of any other: with an empty cache,
 * so that nothing comes from anywhere but the registry. The tests get the project's folder and what npm said.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";

/** What the tests get of this. */
export interface Installed {
  /** Holds everything of one run of the tests. */
  readonly home: string;
  readonly tarball: string;
  /** Packed size. */
  readonly tarballBytes: number;
  /** A project with the package in it and nothing else. */
  readonly project: string;
  readonly npm: { readonly code: number | null; readonly output: string; readonly ms: number };
}
declare module "vitest" {
  export interface ProvidedContext {
    installed: Installed;
  }
}

const root = join(import.meta.dirname, "..", "..");

/** Packages in a node_modules above a project would be found from within it, and hide what is missing. */
function hasPackagesAbove(folder: string): boolean {
  if (existsSync(join(folder, "node_modules"))) return true;
  return dirname(folder) !== folder && hasPackagesAbove(dirname(folder));
}

function emptyPlace(): string {
  const places = [tmpdir(), "/var/tmp", homedir()].filter((place) => existsSync(place));
  const free = places.find((place) => !hasPackagesAbove(place));
  if (free === undefined)
    throw new Error(`test:package: ${places.join(", ")} all lie below a node_modules, expected one that does not`);
  return mkdtempSync(join(free, "tensorone-package-"));
}

export function setup({ provide }: TestProject): () => void {
  const home = emptyPlace();
  const project = join(home, "project");
  mkdirSync(project);
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", home], { cwd: root, encoding: "utf8" });
  const [{ filename, size }] = JSON.parse(packed.slice(packed.search(/^\[/m))) as [{ filename: string; size: number }];
  const tarball = join(home, filename);
  writeFileSync(join(project, "package.json"), '{ "name": "new", "private": true, "type": "module" }\n');
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync("npm", ["install", tarball, "--cache", join(home, "cache")], {
    cwd: project,
    encoding: "utf8",
  });
  const ms = performance.now() - started;
  provide("installed", {
    home,
    tarball,
    tarballBytes: size,
    project,
    npm: { code: status, output: stdout + stderr, ms },
  });
  return () => {
    if (process.env.KEEP_PACKAGE === undefined) rmSync(home, { recursive: true, force: true });
  };
}
