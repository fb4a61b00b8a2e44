/** The picture in focus: its answers, and on demand where the network looks for a class (Grad-CAM). */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Heat, Pixels } from "../../protocol.js";
import { overlaid, strongest } from "../parts/heat.js";
import { LARGE_SIDE, wantPixels } from "../parts/pixel-store.js";
import { Scores } from "../parts/scores.js";
import { explain } from "../session/actions.js";
import { answers, classNames, isRunning, pictures } from "../session/state.js";
import { focused, shown } from "./view.js";

/** Answers that are listed. */
const MOST_SCORES = 5;

export function Picked() {
  const id = focused.value ?? shown.value[0]?.id ?? null;
  const picture = id === null ? undefined : pictures.value.get(id);
  const answer = id === null ? undefined : answers.value.get(id);
  const place = useRef<HTMLCanvasElement>(null);
  const pixels = useSignal<Pixels | null>(null);
  const heat = useSignal<{ readonly of: number; readonly map: Heat; readonly for: number } | null>(null);
  const isAsking = useSignal(false);
  useEffect(() => {
    heat.value = null;
    pixels.value = null;
    if (id === null) return;
    return wantPixels(id, LARGE_SIDE, (own) => {
      pixels.value = own;
    });
  }, [id]);
  useEffect(() => {
    const canvas = place.current;
    if (!canvas || !pixels.value) return;
    const map = heat.value?.of === id ? heat.value.map : null;
    const image = overlaid(pixels.value, map);
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d")?.putImageData(image, 0, 0);
  }, [pixels.value, heat.value, id]);
  if (id === null || !picture) return null;

  const look = async (of: number): Promise<void> => {
    if (heat.value?.for === of) {
      heat.value = null;
      return;
    }
    isAsking.value = true;
    const map = await explain(id, of);
    isAsking.value = false;
    if (map) heat.value = { of: id, map, for: of };
  };
  const best = answer
    ? [...answer.scores]
        .map((score, i) => ({ name: classNames.value[i] ?? "?", score, class: i }))
        .sort((a, b) => b.score - a.score)
    : [];
  const map = heat.value;
  const name = picture.name.split("/").at(-1)!;
  return (
    <section class="panel" aria-labelledby="picked-title">
      <h2 id="picked-title">Where it looks</h2>
      <div class="picked">
        <canvas
          ref={place}
          role="img"
          aria-label={
            map
              ? `${name}, with the places that speak for ${classNames.value[map.for]}: ${strongest(map.map)} most`
              : name
          }
          width={LARGE_SIDE}
          height={LARGE_SIDE}
        />
        <div>
          <p class="file-name">
            {name}{" "}
            <span class="soft">
              {picture.width} × {picture.height}
            </span>
          </p>
          <Scores of={name} scores={best.slice(0, MOST_SCORES)} />
          {best.length > 0 && (
            <div class="row">
              <span class="soft">Show what speaks for</span>
              {best.slice(0, 2).map(({ name: own, class: of }) => (
                <button
                  key={own}
                  type="button"
                  disabled={isAsking.value || isRunning.value}
                  aria-pressed={map?.for === of}
                  onClick={() => void look(of)}
                >
                  {own}
                </button>
              ))}
            </div>
          )}
          {map && (
            <p class="note">
              Grad-CAM: light is where the features that speak for {classNames.value[map.for]} are, {strongest(map.map)}{" "}
              most.
            </p>
          )}
        </div>
      </div>
    </section>
  );
}
