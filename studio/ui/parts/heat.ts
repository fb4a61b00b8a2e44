/** Grad-CAM over the picture as the network saw it, and the same in words. */
import { heatOverlay } from "../../../src/figures/heat-map.js";
import type { Heat, Pixels } from "../../protocol.js";

/** Of the picture under the map. */
const OPACITY = 0.5;

/** The middle square of RGBA pixels, as RGB: what the network is shown of a picture. */
function middleSquare({ width, height, data }: Pick<Pixels, "width" | "height" | "data">): {
  readonly side: number;
  readonly rgb: Uint8Array;
} {
  const side = Math.min(width, height);
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = ((top + y) * width + left + x) * 4;
      rgb.set(data.subarray(from, from + 3), (y * side + x) * 3);
    }
  return { side, rgb };
}

/** RGBA of the middle square, with the map over it where there is one. */
export function overlaid(picture: Pick<Pixels, "width" | "height" | "data">, heat: Heat | null): ImageData {
  const { side, rgb } = middleSquare(picture);
  const image = { width: side, height: side, channels: 3, data: rgb } as const;
  const { data } = heat === null ? image : heatOverlay(image, heat, { opacity: OPACITY });
  const shown = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    shown.data.set(data.subarray(i * 3, i * 3 + 3), i * 4);
    shown.data[i * 4 + 3] = 255;
  }
  return shown;
}

/** Where the map is strongest: "upper left". */
export function strongest({ width, height, values }: Heat): string {
  let at = 0;
  values.forEach((value, i) => {
    if (value > values[at]!) at = i;
  });
  const third = (place: number, of: number): number => Math.min(2, Math.floor(((place + 0.5) / of) * 3));
  const row = ["upper", "middle", "lower"][third(Math.floor(at / width), height)]!;
  const column = ["left", "centre", "right"][third(at % width, width)]!;
  return row === "middle" && column === "centre" ? "middle" : `${row} ${column}`;
}
