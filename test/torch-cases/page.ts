/** The page of bench/results that says how far random cases are from PyTorch's float64, function by function. */
import { places, type Report, type Row } from "./run-all.js";

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

const shown = (error: number): string => (error === 0 ? "0" : error.toExponential(0));

const cells = (name: string, { cases, worst }: Row): string =>
  row([`\`${name}\``, cases, ...places.map((place) => worst[place].map(shown).join(", "))]);

/** `seeds`: those that were run; `where`: machine, commit and date. */
export function torchPage({ rows, problems }: Report, seeds: readonly number[], where: string): string {
  const total = [...rows.values()].reduce((sum, { cases }) => sum + cases, 0);
  const refused = [...rows.values()].reduce((sum, one) => sum + one.refused, 0);
  return `# Random cases against PyTorch

${total} random calls of ${rows.size} public functions and layers (\`test/torch-cases/rows\`), seeds ${seeds.join(", ")}: sizes 0 to 9, broadcasting, options, ties and
zeros in a fifth of the cases, magnitudes from 1e-5 to 100 in another fifth. Values, and the gradients of every float operand from a random gradient of the
results, against PyTorch's float64. Cells are the largest distances of values and of gradients: relative for numbers above 1, absolute below.
Allowed are 1e-10 in float64 and 1e-5 in float32, or 10 times what PyTorch's float32 loses on the same case (in float64 that loss with 29
binary digits more). Both sides refused ${refused} cases; ${problems.length} were wrong. Where PyTorch leaves a choice among ties (sort, topk, median, max with an axis,
scatter to one place twice) operands have none. Written by \`npm run bench -- torch-cases\`; ${where}.

${[
  row(["function", "cases", ...places]),
  row(["---", "---:", ...places.map(() => "---:")]),
  ...[...rows].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).map(([name, one]) => cells(name, one)),
].join("\n")}
${problems.map((problem) => `\n- ${problem.replace("\n", " ")}`).join("")}`;
}

/** Several seeds as one. */
export function joined(reports: readonly Report[]): Report {
  const rows = new Map<string, Row>();
  for (const report of reports)
    for (const [name, one] of report.rows) {
      const before = rows.get(name);
      if (!before) rows.set(name, one);
      else {
        before.cases += one.cases;
        before.refused += one.refused;
        for (const place of places)
          before.worst[place] = [
            Math.max(before.worst[place][0], one.worst[place][0]),
            Math.max(before.worst[place][1], one.worst[place][1]),
          ];
      }
    }
  return { rows, problems: reports.flatMap(({ problems }) => problems) };
}
