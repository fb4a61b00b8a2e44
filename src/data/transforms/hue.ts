/**
 * Turning the hue of a picture by way of Pillow's HSV, whose three channels are bytes: turning by nothing moves pixels too.
 * Sample for sample those of Pillow 9.4 (Convert.c) and torchvision's adjust_hue. Formulas: Smith, "Color gamut transform
 * pairs", SIGGRAPH 1978.
 */
import type { Image } from "../codecs/image.js";

const LARGEST = 255;
/** Of the hexcone. */
const SECTORS = 6;

const toByte = (value: number): number => Math.min(LARGEST, Math.max(0, Math.trunc(value)));

/** Hue of a colour whose largest and smallest channels differ; float32 where Pillow stores it, float64 between. */
function hueOf(red: number, green: number, blue: number, largest: number, range: number): number {
  const lack = (level: number): number => Math.fround((largest - level) / range);
  const [lackRed, lackGreen, lackBlue] = [lack(red), lack(green), lack(blue)];
  const turn =
    red === largest ? lackBlue - lackGreen : green === largest ? 2 + lackRed - lackBlue : 4 + lackGreen - lackRed;
  return toByte(Math.fround((Math.fround(turn) / SECTORS + 1) % 1) * LARGEST);
}

/** C's round(): halves away from zero; of numbers at least 0. */
const rounded = (value: number): number => Math.floor(value + 0.5);

/** Turns every hue by `turn` of a full circle, -0.5 to 0.5, in place. */
export function adjustHue(image: Image, turn: number): Image {
  const { data } = image;
  const shift = Math.trunc(turn * LARGEST);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const value = Math.max(red, green, blue);
    const range = value - Math.min(red, green, blue);
    if (range === 0) continue;
    const saturation = toByte(Math.fround(range / value) * LARGEST);
    const hue = (hueOf(red, green, blue, value, range) + shift) & LARGEST;
    if (saturation === 0) {
      data.fill(value, i, i + 3);
      continue;
    }
    const angle = Math.fround(hue) * SECTORS;
    const sector = Math.floor(angle / LARGEST);
    const within = Math.fround(angle / LARGEST - sector);
    const share = Math.fround(saturation / LARGEST);
    const low = rounded(value * (1 - share));
    const falling = rounded(value * (1 - Math.fround(share * within)));
    const rising = rounded(value * (1 - share * (1 - within)));
    setSector(data, i, sector % SECTORS, value, low, falling, rising);
  }
  return image;
}

function setSector(
  data: Uint8Array,
  at: number,
  sector: number,
  value: number,
  low: number,
  falling: number,
  rising: number,
): void {
  const isRed = sector === 0 || sector === 5;
  const isGreen = sector === 1 || sector === 2;
  data[at] = isRed ? value : sector === 1 ? falling : sector === 4 ? rising : low;
  data[at + 1] = isGreen ? value : sector === 0 ? rising : sector === 3 ? falling : low;
  data[at + 2] = sector === 3 || sector === 4 ? value : sector === 2 ? rising : sector === 5 ? falling : low;
}
