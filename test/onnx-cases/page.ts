/**
 * The page of bench/results that says what becomes of ONNX's backend tests on each backend, reason by reason.
 */
import { looser, type Outcome } from "./outcome.js";

export interface BackendOutcomes {
  readonly backend: string;
  readonly outcomes: readonly Outcome[];
}

const countOf = ({ outcomes }: BackendOutcomes, verdict: Outcome["verdict"]): number =>
  outcomes.filter((outcome) => outcome.verdict === verdict).length;

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

/** Reasons with the names of their cases, most cases first; of the backend where a reason has most. */
function reasonRows(all: readonly BackendOutcomes[]): string[] {
  const reasons = new Map<string, string[][]>();
  all.forEach(({ outcomes }, i) => {
    for (const { name, verdict, why } of outcomes) {
      if (verdict !== "not expressible") continue;
      const names = reasons.get(why) ?? all.map(() => []);
      names[i]!.push(name.replace(/^test_/, ""));
      reasons.set(why, names);
    }
  });
  const longest = (names: readonly string[][]): string[] => names.toSorted((a, b) => b.length - a.length)[0]!;
  return [...reasons]
    .sort(([, a], [, b]) => longest(b).length - longest(a).length)
    .map(([why, names]) => row([why, ...names.map(({ length }) => length), longest(names).join(", ")]));
}

const looserLine = (): string => {
  const parts = looser.map(
    ({ names, tolerance: { relative, absolute }, why }) =>
      `\`${names.source}\` to ${relative} relative and ${absolute} absolute (${why})`,
  );
  return `Stored numbers that are less exact: ${parts.join("; ")}.`;
};

/** `where`: machine, commit and date. */
export function onnxPage(all: readonly BackendOutcomes[], where: string): string {
  const wrong = all.flatMap(({ backend, outcomes }) =>
    outcomes.filter(({ verdict }) => verdict === "wrong").map(({ name, why }) => `- ${backend}: ${name}: ${why}`),
  );
  return `# ONNX's backend tests by public calls

The ${all[0]!.outcomes.length} cases of Debian's libonnx-testdata (ONNX 1.12): every node of a case's graph is a function of the public API, or a few, on tensors of
the backend (\`test/onnx-cases/operators\`); what those calls take as numbers (shapes, axes, steps) is read on the host. Float32 to
1e-5 relative and 1e-7 absolute, float64 to 1e-10 and 1e-12 (on the gpu backend, which computes in float32, as float32), integers
and truth values exactly. ${looserLine()} int8, int16, uint16, uint32, uint64 are held by wider integers. Written by \`npm run bench -- onnx-cases\`; ${where}.

${[
  row(["backend", "right", "wrong", "not expressible"]),
  row(["---", "---:", "---:", "---:"]),
  ...all.map((one) =>
    row([one.backend, countOf(one, "right"), countOf(one, "wrong"), countOf(one, "not expressible")]),
  ),
].join("\n")}

## Not expressible, by reason

${[
  row(["reason", ...all.map(({ backend }) => backend), "cases"]),
  row(["---", ...all.map(() => "---:"), "---"]),
  ...reasonRows(all),
].join("\n")}
${wrong.length > 0 ? `\n## Wrong\n\n${wrong.join("\n")}\n` : ""}`;
}
