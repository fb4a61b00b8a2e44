/**
 * A kernel on arrays that hold float16: the same text with another element type, numbers made float32 where they are read and
 * float16 where they are written. Arithmetic, sums and workgroup memory stay float32. Works on gpu.js's translations and on WGSL
 * by hand alike, on scalars and on vectors of 2 or 4.
 */
import { BackendError } from "../../../util/errors.js";

/** An array in a binding: its own name, and the element type that its kernel was written for. */
interface HalfArray {
  readonly name: string;
  readonly element: string;
}

const declaration = (binding: number): RegExp =>
  new RegExp(`(@binding\\(${binding}\\)\\s*var<storage,\\s*\\w+>\\s*(\\w+)\\s*:\\s*array<)(f32|vec[24]<f32>)(>)`);

/** 65520, from which on the nearest float16 is ∞; infinities and NaN lie above. */
const NO_HALF_FROM = "0x477ff000u";

/**
 * ∞ and NaN by their bits: what WGSL's conversion makes of a number beyond the range is the device's own affair, and a loss scale
 * that is too large shows by nothing else.
 */
const conversions = `fn halfOf(v : f32) -> f16 {
  let bits = bitcast<u32>(v);
  let size = bits & 0x7fffffffu;
  if (size >= ${NO_HALF_FROM}) {
    return bitcast<vec2<f16>>(((bits >> 16u) & 0x8000u) | select(0x7c00u, 0x7e00u, size > 0x7f800000u)).x;
  }
  return f16(v);
}
fn vec2HalfOf(v : vec2<f32>) -> vec2<f16> { return vec2<f16>(halfOf(v.x), halfOf(v.y)); }
fn vec4HalfOf(v : vec4<f32>) -> vec4<f16> {
  return vec4<f16>(halfOf(v.x), halfOf(v.y), halfOf(v.z), halfOf(v.w));
}
`;

const halfOf = (element: string): string =>
  element === "f32" ? "halfOf" : element.startsWith("vec2") ? "vec2HalfOf" : "vec4HalfOf";

/** Where the bracket that opens at `from` closes. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "[") depth++;
    else if (text[at] === "]" && --depth === 0) return at;
  }
  throw new BackendError(`gpu: a bracket stays open in a kernel: ${text.slice(from, from + 40)}`);
}

/** Every read of the arrays as their written element type, every assignment to one of their elements as a float16. */
function converted(text: string, arrays: readonly HalfArray[]): string {
  const access = new RegExp(`(?<![\\w.])(${arrays.map(({ name }) => name).join("|")})\\[`, "g");
  let done = "";
  let from = 0;
  for (let found = access.exec(text); found; found = access.exec(text)) {
    const { name, element } = arrays.find((one) => one.name === found![1])!;
    const end = closing(text, found.index + name.length);
    const place = `${name}[${converted(text.slice(found.index + name.length + 1, end), arrays)}]`;
    done += text.slice(from, found.index);
    const assignment = /^\s*([-+*/]?)=(?!=)/.exec(text.slice(end + 1));
    from = end + 1;
    if (!assignment) done += `${element}(${place})`;
    else {
      const start = from + assignment[0].length;
      from = text.indexOf(";", start);
      const value = converted(text.slice(start, from), arrays).trim();
      const [, operator] = assignment;
      const combined = operator === "" ? value : `${element}(${place}) ${operator} (${value})`;
      done += `${place} = ${halfOf(element)}(${combined})`;
    }
    access.lastIndex = from;
  }
  return done + text.slice(from);
}

/** `halves` says of each array, from binding 1 on, whether it holds float16. Needs the device's feature shader-f16. */
export function withHalves(wgsl: string, halves: readonly boolean[]): string {
  const arrays: HalfArray[] = [];
  let text = wgsl;
  halves.forEach((isHalf, i) => {
    if (!isHalf) return;
    const found = declaration(i + 1).exec(text);
    if (!found) throw new BackendError(`gpu: binding ${i + 1} of a kernel is no array of float32, expected one`);
    const [whole, before, name, element, after] = found as unknown as [string, string, string, string, string];
    arrays.push({ name, element });
    text = text.replace(whole, `${before}${element.replace("f32", "f16")}${after}`);
  });
  const body = text.search(/@compute|\bfn\b/);
  return `enable f16;\n${text.slice(0, body)}${conversions}${converted(text.slice(body), arrays)}`;
}
