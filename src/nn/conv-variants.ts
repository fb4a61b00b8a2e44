/**
 * Transposed convolutions, and those over sequences, as layers. Weights are those of the convolution that a transposed one
 * turns round, [KH, KW, Cout/groups, Cin]: files' [Cin, Cout/groups, KH, KW] is then turned as every convolution's weight is.
 */
import * as F from "../ops/functional/index.js";
import type { Pair } from "../ops/spec/index.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";
import { showNumbers } from "./repr.js";

interface Channels {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** A weight [...K, input channels, output channels] of the convolution computed or turned round, and its bias. */
abstract class ConvolutionLayer extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #channels: Channels;

  constructor(
    name: string,
    { inChannels, outChannels, groups }: Channels,
    shape: () => Shape,
    hasBias: boolean,
    options: LayerOptions,
  ) {
    super();
    this.#channels = { inChannels, outChannels, groups };
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ShapeError(
        `${name}: ${inChannels} input and ${outChannels} output channels, expected multiples of groups=${groups}`,
      );
    const weight = shape();
    // as torch counts: all axes of the file's weight but the first, which is the engine's last
    const fanIn = sizeOf(weight.slice(0, -1));
    const parameter = (role: "convWeight" | "bias", own: Shape): Tensor =>
      this.parameter(role === "bias" ? role : "weight", role, initialTensor(role, own, options, fanIn), fanIn);
    this.weight = parameter("convWeight", weight);
    this.bias = hasBias ? parameter("bias", [outChannels]) : null;
  }

  /** "in, out, kernelSize=…" and the options that are not PyTorch's defaults. */
  protected shown(kernel: readonly number[], options: Readonly<Record<string, unknown>>): string {
    const usual: Readonly<Record<string, number>> = { padding: 0, outputPadding: 0, dilation: 1, groups: 1 };
    const told = Object.entries(options).filter(([name, value]) => value !== usual[name]);
    const numbers = { kernelSize: kernel, ...Object.fromEntries(told), bias: this.bias ? null : false };
    return `${this.#channels.inChannels}, ${this.#channels.outChannels}, ${showNumbers(numbers)}`;
  }

  /** The bias as the functions take it. */
  protected get biasOption(): { readonly bias?: Tensor } {
    return this.bias ? { bias: this.bias } : {};
  }
}

/** The window of a transposed convolution, and whether it has a bias. */
export interface ConvTranspose2dLayerOptions extends Omit<F.ConvTranspose2dOptions, "bias">, LayerOptions {
  readonly kernelSize: number | Pair;
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * A transposed convolution as a layer (torch.nn.ConvTranspose2d), [N, H, W, inChannels] -> [N, OH, OW, outChannels], with
 * weights [KH, KW, outChannels/groups, inChannels]. Throws ShapeError where groups do not divide the channels.
 *
 * @example
 * ```ts
 * const up = new nn.ConvTranspose2d(16, 8, { kernelSize: 2, stride: 2 });
 * console.log(up.forward(rand([1, 14, 14, 16])).shape); // [1, 28, 28, 8]
 * ```
 */
export class ConvTranspose2d extends ConvolutionLayer {
  readonly options: Omit<F.ConvTranspose2dOptions, "bias">;

  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dLayerOptions) {
    const { kernelSize, bias = true, stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
    const kernel = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    const channels = { inChannels, outChannels, groups };
    super("ConvTranspose2d", channels, () => [...kernel, outChannels / groups, inChannels], bias, options);
    this.options = { stride, padding, outputPadding, dilation, groups };
  }

  forward(x: Tensor): Tensor {
    return F.convTranspose2d(x, this.weight, { ...this.options, ...this.biasOption });
  }

  override extraRepr(): string {
    return this.shown(this.weight.shape.slice(0, -2), { ...this.options });
  }
}

/** The window of a convolution over sequences, and whether it has a bias. */
export interface Conv1dLayerOptions extends Omit<F.Conv1dOptions, "bias">, LayerOptions {
  readonly kernelSize: number;
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * A convolution over sequences as a layer (torch.nn.Conv1d), [N, L, inChannels] -> [N, OL, outChannels], with weights [K,
 * inChannels/groups, outChannels]. Throws ShapeError where groups do not divide the channels.
 *
 * @example
 * ```ts
 * const conv = new nn.Conv1d(4, 8, { kernelSize: 5, padding: "same" });
 * console.log(conv.forward(rand([1, 100, 4])).shape); // [1, 100, 8]
 * ```
 */
export class Conv1d extends ConvolutionLayer {
  readonly options: Omit<F.Conv1dOptions, "bias">;

  constructor(inChannels: number, outChannels: number, options: Conv1dLayerOptions) {
    const { kernelSize, bias = true, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    const channels = { inChannels, outChannels, groups };
    super("Conv1d", channels, () => [kernelSize, inChannels / groups, outChannels], bias, options);
    this.options = { stride, padding, dilation, groups };
  }

  forward(x: Tensor): Tensor {
    return F.conv1d(x, this.weight, { ...this.options, ...this.biasOption });
  }

  override extraRepr(): string {
    return this.shown(this.weight.shape.slice(0, -2), { ...this.options });
  }
}

/** The window of a transposed convolution over sequences, and whether it has a bias. */
export interface ConvTranspose1dLayerOptions extends Omit<F.ConvTranspose1dOptions, "bias">, LayerOptions {
  readonly kernelSize: number;
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * A transposed convolution over sequences as a layer (torch.nn.ConvTranspose1d), [N, L, inChannels] -> [N, OL, outChannels],
 * with weights [K, outChannels/groups, inChannels]. Throws ShapeError where groups do not divide the channels.
 */
export class ConvTranspose1d extends ConvolutionLayer {
  readonly options: Omit<F.ConvTranspose1dOptions, "bias">;

  constructor(inChannels: number, outChannels: number, options: ConvTranspose1dLayerOptions) {
    const { kernelSize, bias = true, stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
    const channels = { inChannels, outChannels, groups };
    super("ConvTranspose1d", channels, () => [kernelSize, outChannels / groups, inChannels], bias, options);
    this.options = { stride, padding, outputPadding, dilation, groups };
  }

  forward(x: Tensor): Tensor {
    return F.convTranspose1d(x, this.weight, { ...this.options, ...this.biasOption });
  }

  override extraRepr(): string {
    return this.shown(this.weight.shape.slice(0, -2), { ...this.options });
  }
}
