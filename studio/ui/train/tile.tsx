/** A picture of the grid with its label, side and answer. Right and wrong are marks and words, not colours alone. */
import type { PictureInfo } from "../../protocol.js";
import { Picture } from "../parts/picture.js";
import { TILE_SIDE } from "../parts/pixel-store.js";
import { percent } from "../parts/words.js";
import { answers, classNames, isWrong } from "../session/state.js";

const fileName = (path: string): string => path.split("/").at(-1) ?? path;

function Answer({ picture }: { picture: PictureInfo }) {
  const answer = answers.value.get(picture.id);
  if (!answer) return <span class="answer soft">–</span>;
  const name = classNames.value[answer.class] ?? "?";
  if (picture.class === null)
    return (
      <span class="answer soft">
        {name}? {percent(answer.score)}
      </span>
    );
  return isWrong(picture) ? (
    <span class="answer wrong">
      <span class="unseen">, wrong, answered </span>✗ {name} {percent(answer.score)}
    </span>
  ) : (
    <span class="answer soft">
      <span class="unseen">, right, </span>✓ {percent(answer.score)}
    </span>
  );
}

interface TileProps {
  readonly picture: PictureInfo;
  readonly isSelected: boolean;
  /** The tab key stops at this one alone. */
  readonly isStop: boolean;
}

export function Tile({ picture, isSelected, isStop }: TileProps) {
  const { id, class: own, side } = picture;
  return (
    <div
      class={`tile${isWrong(picture) ? " is-wrong" : ""}`}
      role="option"
      aria-selected={isSelected}
      title={picture.name}
      tabIndex={isStop ? 0 : -1}
      data-id={id}
    >
      <Picture id={id} side={TILE_SIDE} />
      <span class="unseen">{fileName(picture.name)}, </span>
      <span class="label">
        <span>{own === null ? "no class" : classNames.value[own]}</span>
        {side === "val" && (
          <small title="held out to judge by">
            val<span class="unseen">idation</span>
          </small>
        )}
      </span>
      <Answer picture={picture} />
    </div>
  );
}
