/** `bench`: starts bench/, which is compiled on demand and is part of the repository, not of the package. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../util/errors.js";
import { defineCommand } from "../command.js";
import { packageRoot } from "../paths.js";

const inPackage = (...parts: string[]): string => join(packageRoot, ...parts);

export const bench = defineCommand({
  name: "bench",
  summary: "Measures kernels and the whole training step (in a checkout of the repository)",
  options: {},
  takesAnything: true,
  examples: ["bench --list", "bench step --profile"],
  async run(_, words) {
    if (!existsSync(inPackage("bench", "run.ts")))
      throw new UsageError(
        "bench: there are no benchmarks here, expected a checkout of the repository",
        "the installed package leaves them out; in a checkout: npm run bench",
      );
    const compiler = inPackage("node_modules", "typescript", "bin", "tsc");
    if (!existsSync(compiler))
      throw new UsageError("bench: no TypeScript compiler in node_modules, expected one", "npm ci installs it");
    const compiled = await node([compiler, "-p", inPackage("tsconfig.bench.json")]);
    // what there is to say on stdout, the two have said
    return { json: null, exitCode: compiled || (await node([inPackage("build", "bench", "run.js"), ...words])) };
  },
});

/** Runs Node on these words with our own streams; resolves to its exit code. */
function node(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
