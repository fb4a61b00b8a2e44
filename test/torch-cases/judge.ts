/** How far an answer is from PyTorch's float64, and how far it may be. */
import type { Answer, Values } from "./case.js";
import type { Precision } from "./ours.js";
import type { TorchAnswers } from "./torch.js";

/** Relative for numbers above 1 in size, absolute below. */
const TOLERANCE: Readonly<Record<Precision, number>> = { float64: 1e-10, float32: 1e-5 };

/** How often what PyTorch's float32 loses is allowed. */
const TIMES = 10;

/** float32's losses in float64: 29 binary digits more. */
const FLOAT64_DIGITS = 2 ** -29;

/** The largest distance of numbers, 0 for the same infinities and NaN; Infinity where only one of the two is finite. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [found[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    const one = Math.abs(a - b) / Math.max(1, Math.abs(b));
    worst = Math.max(worst, Number.isFinite(one) ? one : Infinity);
  }
  return worst;
}

/** No refusal of the engine's, whose errors have names of their own. */
const JAVASCRIPT_ERROR = /^(Type|Range|Reference|Syntax)?Error:/;

export interface Verdict {
  /** Of outputs and of gradients. */
  readonly worst: readonly [value: number, gradient: number];
  /** What is wrong, or null. */
  readonly problem: string | null;
}

const refused = (problem: string | null): Verdict => ({ worst: [0, 0], problem });

interface Part {
  readonly what: string;
  readonly found: Values | undefined;
  readonly exact: Values;
  readonly single: Values | undefined;
}

function partsOf(
  answer: Exclude<Answer, { error: string }>,
  exact: typeof answer,
  single: typeof answer | null,
): Part[] {
  return (["outputs", "gradients"] as const).flatMap((list) =>
    exact[list].map((one, i) => ({
      what: `${list.slice(0, -1)} ${i}`,
      found: answer[list][i],
      exact: one,
      single: single?.[list][i],
    })),
  );
}

/** `lost`: what PyTorch's float32 loses on the case, in its worst result or gradient. */
function problemOf({ what, found, exact }: Part, precision: Precision, lost: number): [number, string | null] {
  if (!found) return [Infinity, `${what} is missing`];
  if (`${found.shape}` !== `${exact.shape}`)
    return [Infinity, `${what} is [${found.shape}], expected [${exact.shape}]`];
  const error = distance(found.values, exact.values);
  // where PyTorch's float32 overflows, float32 may
  if (precision === "float32" && lost === Infinity) return [0, null];
  const share = lost === Infinity ? 0 : lost * (precision === "float64" ? FLOAT64_DIGITS : 1);
  if (error <= Math.max(TOLERANCE[precision], TIMES * share)) return [error, null];
  const at = exact.values.findIndex((value, i) => distance([found.values[i]!], [value]) === error);
  return [
    error,
    `${what}[${at}] is ${found.values[at]}, expected ${exact.values[at]}; PyTorch's float32 loses ${lost}`,
  ];
}

export function judge(answer: Answer, torch: TorchAnswers, precision: Precision): Verdict {
  const exact = torch.float64;
  if ("error" in exact) {
    if (!("error" in answer)) return refused(`is not refused; PyTorch: ${exact.error}`);
    return refused(JAVASCRIPT_ERROR.test(answer.error) ? answer.error : null);
  }
  if ("error" in answer) return refused(answer.error);
  const parts = partsOf(answer, exact, "error" in torch.float32 ? null : torch.float32);
  const lost = Math.max(0, ...parts.map(({ single, exact }) => (single ? distance(single.values, exact.values) : 0)));
  const judged = parts.map((part) => ({ part, result: problemOf(part, precision, lost) }));
  const worstOf = (kind: string): number =>
    Math.max(0, ...judged.flatMap(({ part, result }) => (part.what.startsWith(kind) ? [result[0]] : [])));
  const problem =
    answer.outputs.length === exact.outputs.length
      ? judged.map(({ result }) => result[1]).find((text) => text !== null)
      : `${answer.outputs.length} outputs, expected ${exact.outputs.length}`;
  return { worst: [worstOf("output"), worstOf("gradient")], problem: problem ?? null };
}
