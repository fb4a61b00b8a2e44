/**
 * What fuse.ts may put together. Every fused op does the same arithmetic in the same order as the ops it stands for, so
 * results keep their bits.
 */
import type { Instruction, ValueView } from "../ops/program.js";
import type { Attrs, BehindAttrs } from "../ops/spec/index.js";

export type Op = Extract<Instruction, { kind: "op" }>;

/** Replaces a producer and its one consumer by one instruction, or null. `operand` is the consumer's input that is the producer's output. */
export type Rule = (producer: Op, consumer: Op, operand: number) => Op | null;

/** Replaces two producers whose outputs are only added, the second to the first, by one instruction with the first's output, or null. */
export type SumRule = (first: Op, second: Op) => Op | null;

const isConvolution = ({ op }: Op): boolean => op === "conv2d" || op === "conv2dBias";
export const isSame = (a: ValueView, b: ValueView): boolean =>
  a.value === b.value && a.offset === b.offset && `${a.shape}` === `${b.shape}`;

/** What stands for a relu's gradient in the ops that take it with them. */
export const behindOf: { readonly [op: string]: BehindAttrs["behind"] } = {
  reluGrad: "relu",
  biasReluGrad: "biasRelu",
};

export const rules: readonly Rule[] = [
  // conv2d, then a vector over its channels
  (producer, consumer, operand) => {
    const [y] = producer.outputs;
    const bias = consumer.inputs[1 - operand];
    if (producer.op !== "conv2d" || consumer.op !== "add" || bias?.shape.length !== 1) return null;
    if (bias.shape[0] !== y!.shape.at(-1) || bias.value === y!.value) return null;
    const attrs = { ...producer.attrs, activation: "none" };
    return { kind: "op", op: "conv2dBias", inputs: [...producer.inputs, bias], attrs, outputs: consumer.outputs };
  },
  // … then a relu
  (producer, consumer) => {
    const { activation } = producer.attrs as { activation?: string };
    if (!isConvolution(producer) || activation !== "none" || consumer.op !== "relu") return null;
    return { ...producer, attrs: { ...producer.attrs, activation: "relu" }, outputs: consumer.outputs };
  },
  // what reaches the input of a folded block, then the gradient of the relu that made this input
  (producer, consumer, operand) => {
    const behind = behindOf[consumer.op];
    if (producer.op !== "foldedInputGrad" || !behind || operand !== 0) return null;
    if ((producer.attrs as BehindAttrs).behind !== "none" || !isSame(producer.inputs[2]!, consumer.inputs[1]!))
      return null;
    return { ...producer, attrs: { ...producer.attrs, behind }, outputs: consumer.outputs };
  },
];

/** What the kernels of foldedInputGrad take: 1×1 convolutions and depthwise ones of up to 3×3. */
function isFusable({ kernelSize, stride, padding, dilation, groups }: Attrs<"patchMoments">, w: ValueView): boolean {
  const [kh, kw, inPerGroup, cOut] = w.shape as [number, number, number, number];
  const isPointwise = [kh, kw, ...stride].every((v) => v === 1) && padding.every((v) => v === 0) && groups === 1;
  const isDepthwise =
    inPerGroup === 1 && cOut === groups && kh * kw > 1 && Math.max(kh, kw) <= 3 && dilation.every((d) => d === 1);
  return kernelSize[0] === kh && kernelSize[1] === kw && (isPointwise || isDepthwise);
}

export const sumRules: readonly SumRule[] = [
  // what reaches the input of a folded block: through its convolution, and through the moments of its patches
  (first, second) => {
    if (first.op !== "conv2dInputGrad" || second.op !== "patchMomentsGrad") return null;
    const [dy, w] = first.inputs as [ValueView, ValueView];
    const geometry = second.attrs as Attrs<"patchMomentsGrad">;
    const conv = first.attrs as Attrs<"conv2dInputGrad">;
    const isAlike = (["stride", "padding", "dilation", "groups"] as const).every(
      (name) => `${conv[name]}` === `${geometry[name]}`,
    );
    if (!isAlike || conv.paddingEnd || !isFusable(geometry, w)) return null;
    const attrs = { ...geometry, behind: "none" };
    return { kind: "op", op: "foldedInputGrad", inputs: [dy, w, ...second.inputs], attrs, outputs: first.outputs };
  },
];
