/** `bench`: starts bench/, which is compiled on demand and is part of the repository, not of the package. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TensoroneError, UsageError } from "../../util/errors.js";
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
    const isJson = words.includes("--json");
    const compiled = await node([compiler, "-p", inPackage("tsconfig.bench.json")], isJson);
    if (compiled !== 0)
      throw new TensoroneError(`bench: the TypeScript compiler ended with ${compiled}`, "npm run typecheck shows why");
    // what there is to say on stdout, the child has said
    return { json: null, exitCode: await node([inPackage("build", "bench", "run.js"), ...words], false) };
  },
});

/** Runs Node on these words with our own streams, or with stderr for both; resolves to its exit code. */
function node(args: readonly string[], isAside: boolean): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ["inherit", isAside ? 2 : "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
