/**
 * Forward passes of batch norms made fewer: statistics stay where they are, and the sum of all branches with the relu behind it
 * is one pass over their inputs. y = relu(s₁z + s₂x + b) moves 3 tensors where two norms, a sum and a relu move 9.
 */
import type { Instruction, Value, ValueView } from "../ops/program.js";
import type { EpsAttrs } from "../ops/spec/index.js";
import { isSame, type Op } from "./fusion-rules.js";
import { isWhole, newVectors, type Uses, usesOf, writesBetween } from "./uses.js";

/** More have more coefficients than there are registers for. */
const MAX_TERMS = 8;

interface Term {
  readonly x: ValueView;
  /** The batch norm that x goes through, by place; null for none. */
  readonly norm: number | null;
}

class SumFinder {
  readonly #absorbed: number[] = [];

  constructor(
    readonly instructions: readonly Instruction[],
    readonly uses: Uses,
    readonly values: readonly Value[],
  ) {}

  /** The terms of a view in the order in which they are added, and what is left out for them. */
  termsOf(view: ValueView): { readonly terms: readonly Term[]; readonly absorbed: readonly number[] } {
    this.#absorbed.length = 0;
    const terms = this.#terms(view, true);
    return { terms, absorbed: [...this.#absorbed] };
  }

  #makerOf(view: ValueView): { readonly at: number; readonly op: Op } | null {
    const { makers, readers, kept } = this.uses;
    const at = makers.get(view.value);
    const isPrivate = readers.get(view.value)?.length === 1 && !kept.has(view.value) && isWhole(view, this.values);
    const op = at === undefined ? null : this.instructions[at]!;
    return isPrivate && op?.kind === "op" && isSame(op.outputs[0]!, view) ? { at: at!, op } : null;
  }

  #terms(view: ValueView, mayBeSum: boolean): readonly Term[] {
    const maker = this.#makerOf(view);
    if (maker?.op.op === "batchNorm") {
      this.#absorbed.push(maker.at);
      return [{ x: maker.op.inputs[0]!, norm: maker.at }];
    }
    const isSum = maker?.op.op === "add" && maker.op.inputs.every(({ shape }) => `${shape}` === `${view.shape}`);
    if (!mayBeSum || !isSum) return [{ x: view, norm: null }];
    this.#absorbed.push(maker.at);
    // a sum of sums is taken from its left one: the other keeps its own order of additions
    const [left, right] = maker.op.inputs as [ValueView, ValueView];
    const first = this.#terms(left, true);
    const second = this.#terms(right, first.length === 1);
    return first.length === 1 && second.length > 1 ? [...second, ...first] : [...first, ...second];
  }
}

/** The same program with such sums in one pass; vectors of coefficients are added to `values`. */
export function fuseNormSums(
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: Value[],
): Instruction[] {
  const uses = usesOf(instructions, outputs);
  const finder = new SumFinder(instructions, uses, values);
  const coefficientsOf = new Map<number, ValueView>();
  const gone = new Set<number>();
  const sums = new Map<number, Op>();
  // the last instruction of a sum comes first, so that its parts are not taken for sums of their own
  for (let at = instructions.length - 1; at >= 0; at--) {
    const root = instructions[at]!;
    if (root.kind !== "op" || gone.has(at) || !(root.op === "relu" || root.op === "add")) continue;
    const [y] = root.outputs as [ValueView];
    if (values[y.value]!.dtype !== "float32" || root.inputs.some(({ shape }) => `${shape}` !== `${y.shape}`)) continue;
    const parts = root.inputs.map((view) => finder.termsOf(view));
    const [left, right] = parts as [(typeof parts)[0], (typeof parts)[0]?];
    if (right && left.terms.length > 1 && right.terms.length > 1) continue;
    const terms =
      right && right.terms.length > 1 ? [...right.terms, ...left.terms] : parts.flatMap((part) => part.terms);
    const absorbed = parts.flatMap((part) => part.absorbed);
    const norms = terms.filter(({ norm }) => norm !== null);
    const isMoved = absorbed.some((from) =>
      writesBetween(instructions, from, at).some((value) => terms.some(({ x }) => x.value === value)),
    );
    if (norms.length === 0 || terms.length > MAX_TERMS || isMoved) continue;
    for (const from of absorbed) gone.add(from);
    for (const { norm } of norms) {
      const channels = y.shape.at(-1)!;
      coefficientsOf.set(norm!, newVectors(values, 3, channels));
    }
    const normalized = terms.map(({ norm }) => norm !== null);
    const tables = norms.map(({ norm }) => coefficientsOf.get(norm!)!);
    const activation = root.op === "relu" ? "relu" : "none";
    sums.set(at, {
      kind: "op",
      op: "batchNormSum",
      inputs: [...terms.map(({ x }) => x), ...tables],
      attrs: { normalized, activation },
      outputs: [y],
    });
  }
  return instructions.flatMap((instruction, at): Instruction[] => {
    const coefficients = coefficientsOf.get(at);
    if (coefficients && instruction.kind === "op") {
      const [, mean, variance] = instruction.outputs as [ValueView, ValueView, ValueView];
      const attrs = instruction.attrs as EpsAttrs;
      return [{ ...instruction, op: "batchNormStatistics", attrs, outputs: [mean, variance, coefficients] }];
    }
    return gone.has(at) ? [] : [sums.get(at) ?? instruction];
  });
}
