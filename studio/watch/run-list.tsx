/** The runs: which are drawn, how each is drawn, how far it is; the options that differ between them. */
import { useComputed } from "@preact/signals";
import type { RunEntry } from "../../src/studio-server/run-entry.js";
import { type lookOf, shownNumber, shownValue, states } from "./names.js";
import { differing, drawn, hidden, listed, looks, origin, pointed, report, runs, short } from "./state.js";

function Swatch({ look }: { readonly look: ReturnType<typeof lookOf> }) {
  return (
    <svg width="26" height="10" aria-hidden="true">
      <line x1="1" x2="25" y1="5" y2="5" stroke={look.colour} stroke-width="3" stroke-dasharray={look.dash.join(" ")} />
    </svg>
  );
}

function setDrawn(ids: readonly string[], isDrawn: boolean): void {
  const next = new Set(hidden.value);
  for (const id of ids) {
    if (isDrawn) next.delete(id);
    else next.add(id);
  }
  hidden.value = next;
}

const only = (id: string): void => {
  hidden.value = new Set(runs.value.map((run) => run.id).filter((other) => other !== id));
};

function Progress({ entry }: { readonly entry: RunEntry }) {
  const { step, totalSteps } = entry;
  return (
    <>
      {step.toLocaleString("en")}
      {totalSteps !== null && <span class="soft"> / {totalSteps.toLocaleString("en")}</span>}
    </>
  );
}

function Row({ entry }: { readonly entry: RunEntry }) {
  const { id, state, loss, top1, bestTop1, imagesPerSecond, step, options } = entry;
  const { sign, words } = states[state];
  // of 250 rows the two that change are made anew
  const look = useComputed(() => (pointed.value === id ? "pointed" : ""));
  const point = (is: boolean) => () => {
    pointed.value = is ? id : null;
  };
  return (
    <tr class={look.value} onPointerEnter={point(true)} onPointerLeave={point(false)}>
      <th scope="row">
        <label class="watch-run">
          <input
            type="checkbox"
            checked={!hidden.value.has(id)}
            onFocus={point(true)}
            onBlur={point(false)}
            onChange={(event) => setDrawn([id], event.currentTarget.checked)}
          />
          <Swatch look={looks.value.get(id)!} />
          <span>{id}</span>
        </label>
      </th>
      <td class={`watch-state ${state}`}>
        <span aria-hidden="true">{sign}</span> {words}
      </td>
      <td class="n">
        <Progress entry={entry} />
      </td>
      <td class="n">{shownNumber(loss)}</td>
      <td class="n">{shownNumber(top1)}</td>
      <td class="n">{shownNumber(bestTop1)}</td>
      <td class="n">{imagesPerSecond === null ? "–" : imagesPerSecond.toFixed(0)}</td>
      <td class="watch-acts">
        <button type="button" class="plain" aria-label={`Draw ${id} alone`} onClick={() => only(id)}>
          alone
        </button>
        {origin.value === "server" && step > 0 && (
          <button type="button" class="plain" aria-label={`Report of ${id}`} onClick={() => (report.value = id)}>
            report
          </button>
        )}
      </td>
      {differing.value.map((path) => (
        <td key={path} class={typeof options[path] === "number" ? "n" : "watch-value"}>
          {shownValue(options[path])}
        </td>
      ))}
    </tr>
  );
}

const columns = [
  { title: "state", isNumber: false },
  { title: "step", isNumber: true },
  { title: "loss", isNumber: true },
  { title: "top-1, %", isNumber: true },
  { title: "best, %", isNumber: true },
  { title: "pictures/s", isNumber: true },
] as const;

export function RunList() {
  const ids = listed.value.map(({ id }) => id);
  return (
    <section class="panel" aria-labelledby="runs-title">
      <div class="row">
        <h2 id="runs-title">
          Runs{" "}
          <span class="soft">
            {drawn.value.length} of {runs.value.length} drawn
          </span>
        </h2>
        <button type="button" onClick={() => setDrawn(ids, true)}>
          Draw all
        </button>
        <button type="button" onClick={() => setDrawn(ids, false)}>
          Draw none
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section class="wide watch-list" aria-label="Runs, table" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">run</th>
              {columns.map(({ title, isNumber }) => (
                <th scope="col" key={title} class={isNumber ? "n" : ""}>
                  {title}
                </th>
              ))}
              <td />
              {differing.value.map((path) => (
                <th scope="col" key={path} title={path} class={isNumber(path) ? "n" : ""}>
                  {short.value.get(path)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listed.value.map((entry) => (
              <Row key={entry.id} entry={entry} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="note">
        {runs.value.length < 2
          ? "With a second run, the options in which they differ stand here."
          : differing.value.length === 0
            ? "These runs have the same options."
            : `Columns after the figures: the options in which the runs differ, ${differing.value.length} of them.`}
      </p>
    </section>
  );
}

const isNumber = (path: string): boolean => runs.value.every(({ options }) => typeof options[path] !== "string");
