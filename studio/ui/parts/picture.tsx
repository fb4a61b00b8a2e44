/** A picture of the project on a canvas, drawn when it comes into view. Names and states are said by what holds it. */
import { useEffect, useRef } from "preact/hooks";
import type { Pixels } from "../../protocol.js";
import { wantPixels } from "./pixel-store.js";

function paint(canvas: HTMLCanvasElement, { width, height, data }: Pixels): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
}

/** What each canvas waits for until it is seen. */
const waiting = new WeakMap<Element, () => void>();
const watch = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      waiting.get(target)?.();
    }
  },
  { rootMargin: "200px" },
);

export function Picture({ id, side, class: name }: { id: number; side: number; class?: string }) {
  const place = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = place.current!;
    let forget = (): void => {};
    waiting.set(canvas, () => {
      forget = wantPixels(id, side, (pixels) => paint(canvas, pixels));
    });
    watch.observe(canvas);
    return () => {
      watch.unobserve(canvas);
      forget();
    };
  }, [id, side]);
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas takes no focus
    <canvas ref={place} width={1} height={1} aria-hidden="true" {...(name === undefined ? {} : { class: name })} />
  );
}
