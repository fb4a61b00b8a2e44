/** Random cases through PyTorch and through the engine: the worst distances of each function, and what is wrong. */
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import type { Case } from "./case.js";
import { judge, type Verdict } from "./judge.js";
import { ourAnswer, type Precision } from "./ours.js";
import { askTorchCases } from "./torch.js";

export const places = ["reference float64", "wasm float64", "reference float32", "wasm float32"] as const;
export type Place = (typeof places)[number];

export interface Row {
  cases: number;
  /** What both sides refuse. */
  refused: number;
  readonly worst: Record<Place, readonly [value: number, gradient: number]>;
}

export interface Report {
  readonly rows: ReadonlyMap<string, Row>;
  readonly problems: readonly string[];
}

const showCase = ({ id, torch, operands }: Case): string =>
  `${id}  ${torch}  ${operands.map(({ shape, kind }) => `${kind} [${shape}]`).join(", ")}`;

export async function runAll(cases: readonly Case[]): Promise<Report> {
  const answers = askTorchCases(cases);
  const rows = new Map<string, Row>();
  const problems: string[] = [];
  const add = (one: Case, place: Place, { worst, problem }: Verdict): void => {
    const row = rows.get(one.name)!;
    const before = row.worst[place];
    row.worst[place] = [Math.max(before[0], worst[0]), Math.max(before[1], worst[1])];
    if (problem !== null) problems.push(`${showCase(one)}\n  ${place}: ${problem}`);
  };
  const zero = (): Row["worst"] =>
    Object.fromEntries(places.map((place) => [place, [0, 0]])) as unknown as Row["worst"];
  cases.forEach(({ name }, i) => {
    const row = rows.get(name) ?? { cases: 0, refused: 0, worst: zero() };
    row.cases++;
    if ("error" in answers[i]!.float64) row.refused++;
    rows.set(name, row);
  });
  const wasm = createWasmBackend({ threads: 1, poison: true });
  const backends: readonly Backend[] = [referenceBackend, wasm];
  for (const backend of backends)
    await withBackend(backend, () => {
      cases.forEach((one, i) => {
        for (const precision of ["float64", "float32"] satisfies Precision[])
          add(one, `${backend.name as "wasm"} ${precision}`, judge(ourAnswer(one, precision), answers[i]!, precision));
      });
    });
  wasm.dispose();
  return { rows, problems };
}
