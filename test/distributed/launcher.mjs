/** Our launcher as a process of its own, for tests that kill it: nproc, then the words of rank.mjs. */
import { join } from "node:path";
import { launchLocal } from "../../dist/distributed/launch.js";

const [nproc, ...words] = process.argv.slice(2);
const { exitCode } = await launchLocal(
  {
    nproc: Number(nproc),
    maxRestarts: Number(process.env.TEST_RESTARTS ?? 0),
    command: (restart) => [
      join(import.meta.dirname, "rank.mjs"),
      ...(restart === 0 ? words : ["collectives", "3", "10"]),
    ],
    print: (line) => process.stderr.write(`launcher: ${line}\n`),
  },
  process.env,
);
process.exit(exitCode);
