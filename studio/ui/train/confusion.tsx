/** The confusion matrix as a table whose cells cut the grid down to their pictures. Shades are shares of a row; numbers say the same. */
import { classNames, confusion } from "../session/state.js";
import { filter, show } from "./view.js";

/** Ink stays readable on the strongest shade: 4.5 : 1 in both themes. */
const STRONGEST = 34;

interface CellProps {
  readonly n: number;
  readonly of: number;
  readonly row: number;
  readonly column: number;
}

function Cell({ n, of, row, column }: CellProps) {
  const { side } = confusion.value!;
  const [truth, answer] = [classNames.value[row] ?? "?", classNames.value[column] ?? "?"];
  const shade = of === 0 ? 0 : Math.round((STRONGEST * n) / of);
  const colour = row === column ? "train" : "val";
  const { value: by } = filter;
  const isOn = by.kind === "cell" && by.class === row && by.answer === column;
  return (
    <td style={`background: color-mix(in srgb, var(--${colour}) ${shade}%, var(--paper))`}>
      {n === 0 ? (
        <span class="none">0</span>
      ) : (
        <button
          type="button"
          aria-pressed={isOn}
          aria-label={`${n} of ${truth} answered ${answer}${row === column ? ", right" : ", wrong"}: show`}
          onClick={() => show(isOn ? { kind: "all" } : { kind: "cell", class: row, answer: column, side })}
        >
          {n}
        </button>
      )}
    </td>
  );
}

export function ConfusionPanel() {
  const { value: matrix } = confusion;
  if (matrix === null || matrix.classes < 2) return null;
  const { classes, counts, side } = matrix;
  const names = classNames.value;
  const rows = Array.from({ length: classes }, (_, i) => [...counts.subarray(i * classes, (i + 1) * classes)]);
  return (
    <section class="panel" aria-labelledby="confusion-title">
      <h2 id="confusion-title">Confusion</h2>
      <p class="note">
        {side === "val" ? "Pictures that were held out." : "Training pictures: too few to hold any out."} A row is a
        class, a column what its pictures were taken for; a number shows them.
      </p>
      <div class="wide">
        <table class="matrix">
          <caption class="unseen">Confusion matrix, {side === "val" ? "validation" : "training"} pictures</caption>
          <thead>
            <tr>
              <td />
              {rows.map((_, i) => (
                <th scope="col" key={i} title={names[i]}>
                  {names[i]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                <th scope="row" title={names[i]}>
                  {names[i]}
                </th>
                {row.map((n, k) => (
                  <Cell key={k} n={n} of={row.reduce((sum, value) => sum + value, 0)} row={i} column={k} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
