/** How the curves are looked at: axis, logarithms, smoothing, the stretch that is shown. */
import { batch } from "@preact/signals";
import { type Axis, axes, curveOf, moved, type Stretch, stretchOf } from "./numbers.js";
import { axis, curves, drawn, isLogX, isLogY, search, smoothing, zoom } from "./state.js";

/** Everything that the drawn runs have on the axis. */
function wholeStretch(): Stretch | null {
  const all = drawn.value.flatMap(({ id }) => {
    const known = curves.value.get(id);
    const curve = known && curveOf(known, { column: "loss" }, axis.value);
    return curve ? [curve] : [];
  });
  return stretchOf(all, isLogX.value);
}

const moves = [
  { text: "+", name: "Nearer", by: 0, scale: 0.5 },
  { text: "−", name: "Further", by: 0, scale: 2 },
  { text: "←", name: "Earlier", by: -0.5, scale: 1 },
  { text: "→", name: "Later", by: 0.5, scale: 1 },
] as const;

function Moves() {
  const move = (by: number, scale: number): void => {
    const whole = wholeStretch();
    if (whole) zoom.value = moved(zoom.value ?? whole, whole, by, scale, isLogX.value);
  };
  return (
    <fieldset class="row watch-moves">
      <legend>Part shown</legend>
      {moves.map(({ text, name, by, scale }) => (
        <button type="button" key={name} aria-label={name} title={name} onClick={() => move(by, scale)}>
          {text}
        </button>
      ))}
      <button type="button" disabled={zoom.value === null} onClick={() => (zoom.value = null)}>
        All
      </button>
    </fieldset>
  );
}

export function Controls() {
  return (
    <section class="watch-controls" aria-label="How curves are drawn">
      <fieldset class="row">
        <legend>Along</legend>
        {(Object.keys(axes) as Axis[]).map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={axis.value === name}
            onClick={() =>
              batch(() => {
                axis.value = name;
                zoom.value = null;
              })
            }
          >
            {axes[name].title}
          </button>
        ))}
      </fieldset>
      <fieldset class="row">
        <legend>Logarithmic</legend>
        <button
          type="button"
          aria-pressed={isLogX.value}
          onClick={() =>
            batch(() => {
              isLogX.value = !isLogX.value;
              zoom.value = null;
            })
          }
        >
          log x
        </button>
        <button type="button" aria-pressed={isLogY.value} onClick={() => (isLogY.value = !isLogY.value)}>
          log y
        </button>
      </fieldset>
      <Moves />
      <label class="watch-smooth">
        <span>
          Smoothing <output>{smoothing.value.toFixed(2)}</output>
        </span>
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={smoothing.value}
          onInput={(event) => (smoothing.value = event.currentTarget.valueAsNumber)}
        />
      </label>
      <label class="watch-search">
        <span>Find runs</span>
        <input
          type="search"
          placeholder="name, state, option"
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      </label>
    </section>
  );
}
