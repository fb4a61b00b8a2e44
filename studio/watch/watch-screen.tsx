/** Watch: runs of a folder laid over each other, live from the studio's server, else from dropped folders. */
import "./watch.css";
import { useEffect } from "preact/hooks";
import { RunsChart } from "./chart.js";
import { chartKinds } from "./charts.js";
import { Controls } from "./controls.js";
import { ChooseRuns, useDroppedRuns } from "./drop.js";
import { ReportFrame } from "./report-frame.js";
import { RunList } from "./run-list.js";
import { followServer } from "./server-runs.js";
import { drawn, folder, isConnected, origin, runs } from "./state.js";

function Where() {
  if (origin.value !== "server") return <ChooseRuns text="Add run folders" />;
  return (
    <p class="soft watch-where" role="status">
      <span class={isConnected.value ? "live" : "wrong"}>{isConnected.value ? "● live" : "○ no connection"}</span>{" "}
      <code>{folder.value}</code>
    </p>
  );
}

function Empty() {
  if (origin.value === "looking") return <p class="soft">Looking for runs…</p>;
  if (origin.value === "server")
    return (
      <div class="drop">
        <p>
          No run in <code>{folder.value}</code> yet
        </p>
        <p class="note">One that begins there appears by itself: tensorone train --out {folder.value}/first</p>
      </div>
    );
  return (
    <div class="drop">
      <p>Drop run folders here</p>
      <ChooseRuns text="Choose a folder" />
      <p class="note">
        A run's folder holds a log.jsonl; recipe.json and machine.json beside it name its options. They are read in this
        tab and sent nowhere. To follow runs as they go on: npx tensorone studio --runs DIR.
      </p>
    </div>
  );
}

export function WatchScreen() {
  useEffect(followServer, []);
  useDroppedRuns(origin.value === "files");
  const hasRuns = runs.value.length > 0;
  return (
    <div class="watch">
      <div class="row watch-head">
        <h1>Watch runs</h1>
        {hasRuns && <Where />}
      </div>
      {hasRuns ? (
        <>
          <RunList />
          <Controls />
          {drawn.value.length === 0 && <p class="soft">No run is drawn.</p>}
          <section class="watch-charts" aria-label="Curves">
            {chartKinds.map((kind) => (
              <RunsChart key={kind.title} kind={kind} />
            ))}
          </section>
        </>
      ) : (
        <Empty />
      )}
      <ReportFrame />
    </div>
  );
}
