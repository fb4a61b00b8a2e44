/**
 * Colours of a heat map: from dark violet over red to light yellow. Lightness rises evenly in OKLab (Ottosson 2020), so that equal
 * steps of the value look equal, on a screen without colours too.
 */
import type { Colour } from "./lettering.js";

const STEPS = 256;
const lightness = { from: 0.22, to: 0.96 } as const;
/** Degrees in OKLCH, by way of red. */
const hue = { from: 290, to: 465 } as const;
/** In the middle; none at the ends. */
const MOST_CHROMA = 0.19;
const LEAST_CHROMA = 0.06;

/** sRGB's transfer curve (IEC 61966-2-1), linear light to 0 … 255. */
function encoded(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}

/** OKLCH to sRGB; what is outside of it is cut. */
function fromOklch(light: number, chroma: number, degrees: number): Colour {
  const angle = (degrees * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

const colours: readonly Colour[] = Array.from({ length: STEPS }, (_, i) => {
  const t = i / (STEPS - 1);
  const between = ({ from, to }: { readonly from: number; readonly to: number }) => from + (to - from) * t;
  const chroma = LEAST_CHROMA + (MOST_CHROMA - LEAST_CHROMA) * Math.sin(Math.PI * t);
  return fromOklch(between(lightness), chroma, between(hue));
});

/** The colour of a value from 0 (dark) to 1 (light). */
export const heatColour = (value: number): Colour =>
  colours[Math.round(Math.min(1, Math.max(0, value)) * (STEPS - 1))]!;
