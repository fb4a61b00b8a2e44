/**
 * Which values of a program are stored as float16: what torch.autocast runs in its lower precision, with what follows it. Convolutions
 * and products make float16, what works element by element stays with its operands, and sums, statistics, exponentials and losses
 * are float32, as are weights, their gradients and all that leaves the program. Arithmetic is float32 everywhere.
 * https://pytorch.org/docs/stable/amp.html#autocast-op-reference
 */
import type { Program } from "../../ops/program.js";
import type { OpName } from "../../ops/spec/index.js";

/**
 * half: float16. all: float16 where every operand of floats is. A number: as the operand there. Others make float32. Of several outputs
 * the first alone: the others are sums.
 */
type Rule = "half" | "all" | number;

const rules: { readonly [K in OpName]?: Rule } = {
  conv2d: "half",
  conv2dBias: "half",
  conv2dInputGrad: "half",
  matmul: "half",
  batchNorm: 0,
  batchNormEval: 0,
  // of the activation, whose gradient it is
  batchNormGrad: 1,
  biasReluGrad: 1,
  reluGrad: 1,
  relu: 0,
  neg: 0,
  abs: 0,
  sigmoid: 0,
  tanh: 0,
  add: "all",
  sub: "all",
  mul: "all",
  maximum: "all",
  minimum: "all",
  broadcastTo: 0,
  reshape: 0,
  transpose: 0,
  slice: 0,
  stridedSlice: 0,
  stridedSliceGrad: 0,
  pad: 0,
  concat: "all",
  avgPool2d: 0,
  avgPool2dGrad: 0,
  maxPool2d: 0,
  maxPool2dGrad: 0,
};

/** Of each value of the program, whether it is stored as float16. */
export function halfValues({ values, instructions, outputs }: Program): readonly boolean[] {
  const isHalf = values.map(() => false);
  const leaves = new Set(outputs.map(({ value }) => value));
  const decided = new Set<number>();
  for (const instruction of instructions) {
    const [made] = instruction.outputs;
    if (made === undefined) continue;
    // an update writes over what is there already
    const rule = instruction.kind === "op" ? rules[instruction.op] : undefined;
    const { value } = made;
    const isFirst = !decided.has(value);
    for (const output of instruction.outputs) decided.add(output.value);
    if (!isFirst || rule === undefined || leaves.has(value)) continue;
    const { kind, dtype } = values[value]!;
    if (kind !== "temporary" || dtype !== "float32") continue;
    const floats = instruction.inputs.filter((input) => values[input.value]!.dtype === "float32");
    const follows =
      rule === "all"
        ? floats.every((input) => isHalf[input.value])
        : rule === "half" || isHalf[instruction.inputs[rule]!.value]!;
    isHalf[value] = follows;
  }
  return isHalf;
}
