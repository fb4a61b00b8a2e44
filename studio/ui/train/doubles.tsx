/** Pictures that are nearly the same. They stay on one side of the split, as twins on both would pass for accuracy. */

import { Picture } from "../parts/picture.js";
import { TILE_SIDE } from "../parts/pixel-store.js";
import { count } from "../parts/words.js";
import { doubles, show } from "./view.js";

const MOST_SHOWN = 12;
const MOST_OF_GROUP = 4;

export function Doubles() {
  const groups = doubles.value;
  if (groups.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="doubles-title">
      <h2 id="doubles-title">Nearly the same</h2>
      <p class="note">
        {count(groups.length, "group")}. Each stays on one side of the split: twins on both sides would pass for
        accuracy.
      </p>
      <ul class="doubles">
        {groups.slice(0, MOST_SHOWN).map((members) => {
          const labels = new Set(members.map((one) => one.class));
          return (
            <li key={members[0]!.group}>
              <button type="button" onClick={() => show({ kind: "group", group: members[0]!.group })}>
                <span class="strip">
                  {members.slice(0, MOST_OF_GROUP).map(({ id }) => (
                    <Picture key={id} id={id} side={TILE_SIDE} />
                  ))}
                </span>
                {count(members.length, "picture")}
                {labels.size > 1 && <span class="wrong">, labelled differently</span>}
              </button>
            </li>
          );
        })}
      </ul>
      {groups.length > MOST_SHOWN && <p class="note">and {groups.length - MOST_SHOWN} more</p>}
    </section>
  );
}
