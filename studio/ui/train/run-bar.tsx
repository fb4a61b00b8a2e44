/** The buttons of training and the figures of the one that runs; on a phone the bar sticks to the lower edge. */
import { duration, size } from "../parts/words.js";
import { pause, resume, stop, train } from "../session/actions.js";
import { classNames, decoding, isRunning, lastStep, memory, run, saved } from "../session/state.js";
import { Improve } from "./improve.js";
import { stageNames } from "./stage-names.js";

/** What happens now, in words and figures. */
function Figures() {
  const { value: step } = lastStep;
  const { value: now } = run;
  const { value: held } = memory;
  const parts: string[] = [];
  if (decoding.value) parts.push(`reading pictures, ${decoding.value.done} of ${decoding.value.of}`);
  if (now && now.state !== "finished") {
    const states = { running: "", paused: ", paused", stopped: ", stopped" } as const;
    parts.push(
      `${stageNames[now.stage]}: epoch ${Math.min(now.epoch + 1, now.epochs)} of ${now.epochs}${states[now.state]}`,
    );
  }
  if (step && isRunning.value)
    parts.push(
      `${step.imagesPerSecond.toFixed(step.imagesPerSecond < 10 ? 1 : 0)} images/s`,
      `${duration(step.leftMs)} left`,
    );
  if (held) parts.push(size(held.engineBytes + held.heldBytes));
  if (saved.value && now && !isRunning.value && now.state !== "finished") parts.push("saved");
  return <p class="figures soft">{parts.join(" · ")}</p>;
}

export function RunBar() {
  const { value: now } = run;
  const canTrain = classNames.value.length >= 2;
  const canGoOn = now !== null && (now.state === "paused" || now.state === "stopped");
  const share = now && now.steps > 0 && now.state !== "finished" ? now.step / now.steps : null;
  return (
    <div class="bar">
      <div class="row">
        {isRunning.value ? (
          <>
            <button type="button" class="main" onClick={() => void pause()}>
              Pause
            </button>
            <button type="button" onClick={() => void stop()}>
              Stop
            </button>
          </>
        ) : (
          <>
            {canGoOn && (
              <button type="button" class="main" onClick={() => void resume()}>
                Go on
              </button>
            )}
            <Improve isMain={!canGoOn} />
            <button type="button" disabled={!canTrain} onClick={() => void train("head")}>
              Train classifier
            </button>
          </>
        )}
      </div>
      {share !== null && <progress aria-label="Training" max={1} value={share} />}
      <Figures />
    </div>
  );
}
