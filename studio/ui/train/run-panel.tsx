/** Training: what has been learnt, the buttons, curves, speed, and what is to be taken away. */
import { percent } from "../parts/words.js";
import { base, classNames, curve, machine, pictures, pixelChain } from "../session/state.js";
import { Curves } from "./curves.js";
import { RunBar } from "./run-bar.js";
import { TakeAway } from "./take-away.js";

/** What stands of the model, in a line. */
function Standing() {
  const last = curve.value.at(-1);
  const all = [...pictures.value.values()];
  const held = all.filter(({ side }) => side === "val").length;
  const trained = all.filter(({ side }) => side === "train").length;
  if (classNames.value.length < 2)
    return <p class="standing soft">Two classes at least: drop another folder, or give pictures a class.</p>;
  if (!last) return <p class="standing soft">The classifier trains as soon as its features are there.</p>;
  const share = last.valAccuracy ?? last.trainAccuracy;
  return (
    <p class="standing">
      {share !== null && <strong>{percent(share)} right</strong>}{" "}
      <span class="soft">
        of{" "}
        {last.valAccuracy === null
          ? `${trained} training pictures: too few to hold any out`
          : `${held} that it has not trained on`}
      </span>
    </p>
  );
}

function Facts() {
  const from = base.value;
  const chain = pixelChain.value;
  return (
    <details>
      <summary>What it begins with, and how pictures are read</summary>
      {from && (
        <p class="note">
          Base: {from.name}, {from.model}, sees {from.imageSize} × {from.imageSize} px. {from.note} Drop a .safetensors
          or .pth file to begin with other weights.
        </p>
      )}
      {chain && (
        <p class="note">
          Decoder: {chain.decoder}. Resize: {chain.resize}.
        </p>
      )}
      <p class="note">
        A fifth of the pictures is held out to judge by; pictures that are nearly the same, as frames of a burst are,
        stay on one side. {machine.value?.why}
      </p>
    </details>
  );
}

export function RunPanel() {
  return (
    <section class="panel run" aria-labelledby="run-title">
      <h2 id="run-title">Training</h2>
      <Standing />
      <RunBar />
      <Curves />
      <TakeAway />
      <Facts />
    </section>
  );
}
