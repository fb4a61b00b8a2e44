/** `bench`: the door to bench/, which is compiled apart and comes with the repository only. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../util/errors.js";
import { defineCommand } from "../command.js";
import { packageRoot } from "../paths.js";

/** Where the compiled benchmarks may lie. */
const places = ["bench/dist/run.js", "dist-bench/run.js", "bench/run.js"];

export const bench = defineCommand({
  name: "bench",
  summary: "Measures kernels and the whole training step (in a checkout of the repository)",
  options: {},
  takesAnything: true,
  examples: ["bench", "bench --help"],
  async run(_, words) {
    const program = places.map((place) => join(packageRoot, place)).find((path) => existsSync(path));
    if (program === undefined)
      throw new UsageError(
        `bench: no compiled benchmarks in ${join(packageRoot, "bench")}; they are not part of the installed package`,
        "in a checkout of the repository: npm run bench",
      );
    const child = spawn(process.execPath, [program, ...words], { stdio: "inherit" });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? 1));
    });
    // what there is to say on stdout, the benchmarks have said
    return { json: null, exitCode };
  },
});
