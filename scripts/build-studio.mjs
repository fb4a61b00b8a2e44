/**
 * Bundles studio/ into dist/studio by Vite, where something that it is made of has changed: names, sizes and times of its sources and the
 * engine's are compared, as a bundle takes seconds.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const inputs = ["studio", "src", "vite.studio.config.ts", "package-lock.json"];

const filesOf = (path) =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== ".npmignore")
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();

/** A line for each file that the bundle depends on. */
function studioSources(root) {
  const files = inputs
    .map((name) => join(root, name))
    .filter((path) => existsSync(path))
    .flatMap(filesOf);
  return files
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return `${relative(root, file)} ${size} ${mtimeMs}\n`;
    })
    .join("");
}

/** Ends the process with 1 where Vite reports errors; without Vite, or without the worker, a line says that there is no studio. */
export function buildStudio(root) {
  const dist = join(root, "dist");
  const notes = join(dist, ".build.studio");
  const now = studioSources(root);
  const isThere = existsSync(join(dist, "studio", "index.html"));
  if (isThere && existsSync(notes) && readFileSync(notes, "utf8") === now) return;
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  if (!existsSync(vite)) {
    process.stderr.write("build: no vite in node_modules, there will be no studio\n  hint: npm ci\n");
    return;
  }
  if (!existsSync(join(root, "studio", "worker", "worker.ts"))) {
    process.stderr.write("build: no studio/worker/worker.ts, there will be no studio\n");
    return;
  }
  const run = spawnSync(process.execPath, [vite, "build", "--config", join(root, "vite.studio.config.ts")], {
    cwd: root,
    encoding: "utf8",
    // Vite's own colours and progress would stand in logs
    env: { ...process.env, NO_COLOR: "1" },
  });
  process.stderr.write(run.stdout + run.stderr);
  if (run.status !== 0) process.exit(1);
  writeFileSync(notes, now);
}
