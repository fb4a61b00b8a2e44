/**
 * Decimal text of numbers as C's printf has it: halves to the even digit, exponents of two digits. JavaScript's own rounds exact halves
 * up and gives up fixed digits from 1e21 on.
 */

/** Digits that toFixed and toExponential may be asked for: enough to tell an exact half from a number beside it. */
const MOST_DIGITS = 100;

const specialText = (x: number): string => (Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf");

/** Text of x to `digits` places by `write`, exact halves to the even digit. */
function halfToEven(x: number, digits: number, write: (x: number, digits: number) => string): string {
  const [mantissa, exponent = ""] = write(x, MOST_DIGITS).split("e");
  const point = mantissa!.indexOf(".") + 1;
  const kept = mantissa!.slice(0, digits === 0 ? point - 1 : point + digits);
  const isHalf = /^50*$/.test(mantissa!.slice(point + digits));
  const isEven = "02468".includes(kept.at(-1)!);
  return isHalf && isEven ? kept + (exponent && `e${exponent}`) : write(x, digits);
}

/** x with `digits` places after the point. */
export function fixedText(x: number, digits: number): string {
  if (!Number.isFinite(x)) return specialText(x);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const size = Math.abs(x);
  if (size >= 1e21) return `${sign}${BigInt(size)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  return sign + halfToEven(size, digits, (value, places) => value.toFixed(places));
}

/** x as a mantissa with `digits` places and an exponent. */
export function scientificText(x: number, digits: number): string {
  if (!Number.isFinite(x)) return specialText(x);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const [mantissa, exponent] = halfToEven(Math.abs(x), digits, (value, places) => value.toExponential(places)).split(
    "e",
  );
  return `${sign}${mantissa}e${exponent![0]}${exponent!.slice(1).padStart(2, "0")}`;
}
