/** How far to train, each reach with the time and memory that were measured for it on this machine. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { StageCost } from "../../protocol.js";
import { duration, size } from "../parts/words.js";
import { measure, train } from "../session/actions.js";
import { classNames, costs, hasModel } from "../session/state.js";
import { stageNames } from "./stage-names.js";

const whole = ({ onceMs, epochMs, epochs }: StageCost): number => onceMs + epochMs * epochs;

function Offer({ cost, onChosen }: { cost: StageCost; onChosen: () => void }) {
  return (
    <li>
      <button
        type="button"
        onClick={() => {
          onChosen();
          void train(cost.stage);
        }}
      >
        <strong>{stageNames[cost.stage]}</strong>
        <span>{duration(whole(cost))}</span>
        <small>
          {cost.epochs} epochs of {duration(cost.epochMs)}
          {cost.onceMs > 100 && `, ${duration(cost.onceMs)} before`} · {size(cost.bytes)}
        </small>
      </button>
    </li>
  );
}

export function Improve({ isMain }: { isMain: boolean }) {
  const isOpen = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  const isAble = classNames.value.length >= 2 && hasModel.value;
  const close = (): void => {
    isOpen.value = false;
  };
  useEffect(() => {
    if (!isOpen.value) return;
    const outside = (event: Event): void => {
      if (!place.current?.contains(event.target as Node)) close();
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [isOpen.value]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape is heard from whatever within has the focus
    <div
      class="improve"
      ref={place}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen.value) return;
        close();
        place.current?.querySelector("button")?.focus();
      }}
    >
      <button
        type="button"
        class={isMain ? "main" : ""}
        disabled={!isAble}
        aria-expanded={isOpen.value}
        aria-controls="improve-offers"
        onClick={() => {
          isOpen.value = !isOpen.value;
          if (isOpen.value) void measure();
        }}
      >
        Improve ▾
      </button>
      <div id="improve-offers" class="offers" hidden={!isOpen.value}>
        <p class="note">
          The classifier stands on features that others taught. Going deeper takes longer and fits them to your
          pictures.
        </p>
        {costs.value === null ? (
          <p class="soft">Measuring on this machine…</p>
        ) : (
          <ul>
            {costs.value
              .filter(({ stage }) => stage !== "head")
              .map((cost) => (
                <Offer key={cost.stage} cost={cost} onChosen={close} />
              ))}
          </ul>
        )}
      </div>
    </div>
  );
}
