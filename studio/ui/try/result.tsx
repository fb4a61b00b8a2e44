/** A tried picture: what the model answers, how long it took, and where it looked. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { overlaid, strongest } from "../parts/heat.js";
import { LARGE_SIDE } from "../parts/pixel-store.js";
import { Scores } from "../parts/scores.js";
import type { Tried } from "./state.js";

/** For the eye alone: the model gets the file itself. */
async function drawn(file: Blob): Promise<ImageData | null> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = LARGE_SIDE / Math.min(bitmap.width, bitmap.height);
    const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    bitmap.close();
    return context.getImageData(0, 0, width, height);
  } catch {
    return null;
  }
}

export function Result({ one }: { one: Tried }) {
  const { name, file, answer, why } = one;
  const place = useRef<HTMLCanvasElement>(null);
  const image = useSignal<ImageData | null>(null);
  const isHot = useSignal(true);
  const heat = isHot.value ? (answer?.heat ?? null) : null;
  useEffect(() => {
    let isGone = false;
    void drawn(file).then((own) => {
      if (!isGone) image.value = own;
    });
    return () => {
      isGone = true;
    };
  }, [file]);
  useEffect(() => {
    if (!image.value || !place.current) return;
    const shown = overlaid(image.value, heat);
    place.current.width = shown.width;
    place.current.height = shown.height;
    place.current.getContext("2d")?.putImageData(shown, 0, 0);
  }, [image.value, heat]);
  const best = answer?.scores[0];
  const words = heat && best ? `${name}, looked at for ${best.label}: ${strongest(heat)} most` : name;
  return (
    <li class="result">
      <canvas ref={place} role="img" aria-label={words} width={LARGE_SIDE} height={LARGE_SIDE} />
      <div>
        <p class="file-name">
          {name.split("/").at(-1)} {answer && <span class="soft">{answer.ms.toFixed(answer.ms < 10 ? 1 : 0)} ms</span>}
        </p>
        {answer && <Scores of={name} scores={answer.scores.map(({ label, score }) => ({ name: label, score }))} />}
        {!answer && !why && <p class="soft">…</p>}
        {why && <p class="wrong">{why}</p>}
        {answer?.heat && (
          <button type="button" aria-pressed={isHot.value} onClick={() => (isHot.value = !isHot.value)}>
            Where it looks
          </button>
        )}
      </div>
    </li>
  );
}
