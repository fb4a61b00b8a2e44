/** Which ops have a kernel of their own on the wasm backend, and which borrow the reference's. */
import type { WasmBackend } from "../src/backends/wasm/wasm-backend.js";

/** Every op with where it runs. */
export const coverageOf = (backend: WasmBackend): Readonly<Record<string, string>> => backend.coverage();

/** Lines: the counts, then the names. */
export function coverageLines(backend: WasmBackend): string[] {
  const entries = Object.entries(backend.coverage());
  return (["wasm", "reference"] as const).map((place) => {
    const names = entries.filter(([, where]) => where === place).map(([op]) => op);
    return `${place.padEnd(9)} ${String(names.length).padStart(3)} of ${entries.length}  ${names.sort().join(" ")}`;
  });
}
