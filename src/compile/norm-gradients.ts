/**
 * Backward passes of batch norms made fewer: the sums of all branches that a gradient reaches in one pass over it, and, for a
 * pointwise convolution before a batch norm, dz, the product with it, the branch of the input itself and the relu before that
 * input in one pass, which moves 5 tensors where separate ops move 14.
 */
import type { Instruction, Value, ValueView } from "../ops/program.js";
import type { Attrs, BehindAttrs, EpsAttrs } from "../ops/spec/index.js";
import { behindOf, isSame, type Op } from "./fusion-rules.js";
import { isPointwise, isWhole, newVectors, type Uses, usesOf, writesBetween } from "./uses.js";

const keyOf = ({ value, offset, shape }: ValueView): string => `${value} ${offset} ${shape}`;

/** Sums of branches together at the first of them; each branch's own gradient stays where it was. */
function shareSums(
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: Value[],
): Instruction[] {
  const { makers } = usesOf(instructions, outputs);
  const groups = new Map<string, number[]>();
  instructions.forEach((instruction, at) => {
    if (instruction.kind !== "op" || instruction.op !== "batchNormGrad") return;
    const [dy] = instruction.inputs as [ValueView];
    if (values[dy.value]!.dtype !== "float32") return;
    const group = groups.get(keyOf(dy)) ?? [];
    const first = group[0] ?? at;
    const isThere = instruction.inputs.every(({ value }) => (makers.get(value) ?? -1) < first);
    const isKept = !writesBetween(instructions, first, at).some((written) =>
      instruction.inputs.some(({ value }) => value === written),
    );
    if (isThere && isKept) groups.set(keyOf(dy), [...group, at]);
  });
  const sums = new Map<number, Op>();
  const applied = new Map<number, Op>();
  for (const group of groups.values()) {
    const branches = group.map((at) => {
      const { inputs, attrs, outputs: made } = instructions[at] as Op;
      const [dy, x, gamma, mean, variance] = inputs as [ValueView, ValueView, ValueView, ValueView, ValueView];
      const [dx, dgamma, dbeta] = made as [ValueView, ValueView, ValueView];
      const coefficients = newVectors(values, 4, gamma.shape[0]!);
      const own = {
        kind: "op",
        op: "batchNormInputGrad",
        inputs: [dy, x, coefficients],
        attrs: {},
        outputs: [dx],
      } as const;
      applied.set(at, own);
      return {
        dy,
        inputs: [x, gamma, mean, variance],
        made: [dgamma, dbeta, coefficients],
        eps: (attrs as EpsAttrs).eps,
      };
    });
    sums.set(group[0]!, {
      kind: "op",
      op: "batchNormGradSums",
      inputs: [branches[0]!.dy, ...branches.flatMap(({ inputs }) => inputs)],
      attrs: { eps: branches.map(({ eps }) => eps) },
      outputs: branches.flatMap(({ made }) => made),
    });
  }
  return instructions.flatMap((instruction, at) => {
    const sum = sums.get(at);
    return [...(sum ? [sum] : []), applied.get(at) ?? instruction];
  });
}

/** What an input gradient may take with it: places, and the instruction for all of them. */
interface Found {
  readonly gone: readonly number[];
  readonly made: Op;
}

class ProductFinder {
  constructor(
    readonly instructions: readonly Instruction[],
    readonly uses: Uses,
    readonly values: readonly Value[],
  ) {}

  #op(at: number | undefined, name: Op["op"]): Op | null {
    const instruction = at === undefined ? null : this.instructions[at]!;
    return instruction?.kind === "op" && instruction.op === name ? instruction : null;
  }

  /** What is made of the batch norm's input gradient at `at`; null where no pointwise convolution comes after it. */
  at(at: number): Found | null {
    const { instructions, uses, values } = this;
    const norm = this.#op(at, "batchNormInputGrad");
    if (!norm) return null;
    const [dz] = norm.outputs as [ValueView];
    const through = uses.readers
      .get(dz.value)
      ?.find((reader) => this.#op(reader, "conv2dInputGrad")?.inputs[0]?.value === dz.value);
    if (through === undefined) return null;
    const { inputs, attrs, outputs } = instructions[through] as Op;
    const [w, dx] = [inputs[1]!, outputs[0]!];
    if (!isSame(inputs[0]!, dz) || !isWhole(dz, values) || !isPointwise(attrs as Attrs<"conv2dInputGrad">, w))
      return null;
    const skip = this.#skipOf(dx, norm, at);
    const behind = this.#behindOf(dx, skip);
    const x = skip?.x ?? behind?.x;
    const gone = [through, ...(skip?.gone ?? []), ...(behind ? [behind.at] : [])];
    const own = [...norm.inputs, w, ...(x ? [x] : []), ...(skip ? [skip.coefficients] : [])];
    const isLate = own.some(({ value }) => (uses.makers.get(value) ?? -1) > at);
    const written = writesBetween(instructions, at, Math.max(...gone));
    if (isLate || own.some(({ value }) => written.includes(value))) return null;
    const made = behind ? behind.outputs : [dx];
    const kind = { hasSkip: skip !== null, behind: behind?.behind ?? "none" };
    return { gone, made: { kind: "op", op: "normedInputGrad", inputs: own, attrs: kind, outputs: [dz, ...made] } };
  }

  /** The batch norm of the input itself, whose gradient is added to dx before anybody reads it. */
  #skipOf(dx: ValueView, norm: Op, at: number) {
    const { instructions, uses, values } = this;
    const sum = uses.readers.get(dx.value)?.[0];
    const adds = sum === undefined ? null : instructions[sum]!;
    if (adds?.kind !== "update" || adds.op !== "accumulate" || !isSame(adds.inputs[0]!, dx)) return null;
    const own = adds.inputs[1]!;
    const from = uses.makers.get(own.value);
    const skip = this.#op(from, "batchNormInputGrad");
    const isPrivate = uses.readers.get(own.value)!.length === 1 && !uses.kept.has(own.value) && isWhole(own, values);
    if (!skip || !isPrivate || from === at || !isSame(skip.inputs[0]!, norm.inputs[0]!)) return null;
    const [, x, coefficients] = skip.inputs as [ValueView, ValueView, ValueView];
    return `${x.shape}` === `${dx.shape}` ? { gone: [from!, sum!], x, coefficients } : null;
  }

  #behindOf(dx: ValueView, skip: { readonly x: ValueView; readonly gone: readonly number[] } | null) {
    const { instructions, uses, values } = this;
    const readers = uses.readers.get(dx.value)?.filter((reader) => !skip?.gone.includes(reader)) ?? [];
    const [at] = readers;
    const consumer = at === undefined ? null : instructions[at]!;
    if (readers.length !== 1 || consumer?.kind !== "op" || uses.kept.has(dx.value) || !isWhole(dx, values)) return null;
    const behind: BehindAttrs["behind"] | undefined = behindOf[consumer.op];
    const [dy, x] = consumer.inputs as [ValueView, ValueView];
    if (!behind || !isSame(dy, dx) || (skip && !isSame(skip.x, x))) return null;
    return { at: at!, behind, x, outputs: consumer.outputs };
  }
}

function fuseProducts(
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: Value[],
): Instruction[] {
  const finder = new ProductFinder(instructions, usesOf(instructions, outputs), values);
  const gone = new Set<number>();
  const replaced = new Map<number, Op>();
  instructions.forEach((_, at) => {
    const found = gone.has(at) ? null : finder.at(at);
    if (!found || found.gone.some((place) => gone.has(place) || replaced.has(place))) return;
    replaced.set(at, found.made);
    for (const place of found.gone) gone.add(place);
  });
  return instructions.flatMap((instruction, at) => (gone.has(at) ? [] : [replaced.get(at) ?? instruction]));
}

/** The same program with fewer passes; vectors of coefficients are added to `values`. */
export function fuseNormGradients(
  instructions: readonly Instruction[],
  outputs: readonly ValueView[],
  values: Value[],
): Instruction[] {
  return fuseProducts(shareSums(instructions, outputs, values), outputs, values);
}
