/** Clients in a closed loop: node build/bench/serve-load.js PORT FOLDER SECONDS CLIENTS. Says one line of JSON, a LoadFigures. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { quantile } from "./measure/stats.js";
import { Client } from "./soak/serve-clients.js";
import type { LoadFigures } from "./work/serving.js";

const [port, folder, seconds, clients] = process.argv.slice(2) as [string, string, string, string];
const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const client = new Client(Number(port), Number(clients));
const before = process.cpuUsage();
const start = performance.now();
const end = start + Number(seconds) * 1000;
const times: number[] = [];
let next = 0;
let refused = 0;
async function loop(): Promise<void> {
  while (performance.now() < end) {
    const { status, ms } = await client.send({ path: "/predictions/s0", body: files[next++ % files.length]! });
    if (status === 200) times.push(ms);
    else refused++;
  }
}
await Promise.all(Array.from({ length: Number(clients) }, loop));
const { user, system } = process.cpuUsage(before);
client.close();
const figures: LoadFigures = {
  answered: times.length,
  refused,
  seconds: (performance.now() - start) / 1000,
  p50Ms: quantile(times, 0.5),
  p99Ms: quantile(times, 0.99),
  cpuSeconds: (user + system) / 1e6,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit();
