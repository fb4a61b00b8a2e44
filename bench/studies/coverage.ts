/** Which ops have a kernel of their own on the wasm backend, and which borrow the reference's. */
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { setBackend } from "../../src/index.js";
import { defineStudy } from "../study.js";

/** Lines: the counts, then the names. */
export function coverageLines(backend: WasmBackend): string[] {
  const entries = Object.entries(backend.coverage());
  return (["wasm", "reference"] as const).map((place) => {
    const names = entries.filter(([, where]) => where === place).map(([op]) => op);
    return `${place.padEnd(9)} ${String(names.length).padStart(3)} of ${entries.length}  ${names.sort().join(" ")}`;
  });
}

export const study = defineStudy({
  name: "coverage",
  help: "which ops have a wasm kernel and which borrow the reference's; measures nothing",
  options: {},
  examples: ["coverage"],
  async run(_, __, tell) {
    const backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
    for (const line of coverageLines(backend)) tell(line);
  },
});
