/**
 * Convolution as a layer (torch.nn.Conv2d), over NHWC with weights [KH, KW, Cin/groups, Cout].
 */
import { convolveWithBias } from "../ops/functional/convolved.js";
import * as F from "../ops/functional/index.js";
import { pair, resolvePadding } from "../ops/functional/window.js";
import type { Pair } from "../ops/spec/index.js";
import { scope } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { expectChannelsLast, expectCount, expectOptions } from "./arguments.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** The window of a convolution, and whether it has a bias. */
export interface Conv2dLayerOptions extends F.Conv2dOptions, LayerOptions {
  readonly kernelSize: number | Pair;
  /** Default true. */
  readonly bias?: boolean;
  /** What padding holds. Default "zeros"; the others are modes of pad(). */
  readonly paddingMode?: PaddingMode;
}
/** Zeros, or pixels of the image. */
export type PaddingMode = "zeros" | Exclude<F.PadMode, "constant">;

/**
 * A convolution as a layer (torch.nn.Conv2d), [N, H, W, inChannels] -> [N, OH, OW, outChannels], with weights [KH, KW,
 * inChannels/groups, outChannels].
 *
 * @example
 * ```ts
 * const conv = new nn.Conv2d(3, 16, { kernelSize: 3, stride: 2, padding: 1 });
 * console.log(conv.forward(rand([1, 32, 32, 3])).shape); // [1, 16, 16, 16]
 * ```
 */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly options: F.Conv2dOptions;
  readonly paddingMode: PaddingMode;

  /** [N, H, W, inChannels] -> [N, OH, OW, outChannels]. Throws ShapeError where groups do not divide the channels, UsageError for options that are none. */
  constructor(inChannels: number, outChannels: number, options: Conv2dLayerOptions) {
    super();
    expectOptions("Conv2d", options, `new nn.Conv2d(${inChannels}, ${outChannels}, { kernelSize: 3 })`);
    expectCount("Conv2d", "inChannels", inChannels);
    expectCount("Conv2d", "outChannels", outChannels);
    const { kernelSize, bias = true, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ShapeError(
        `Conv2d: ${inChannels} input and ${outChannels} output channels, expected multiples of groups=${groups}`,
      );
    if (kernelSize === undefined)
      throw new UsageError("Conv2d: kernelSize is missing, expected a number or [height, width]", "{ kernelSize: 3 }");
    const [kh, kw] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    this.options = { stride, padding, dilation, groups };
    this.paddingMode = options.paddingMode ?? "zeros";
    const fanIn = (kh * kw * inChannels) / groups;
    const parameter = (role: "convWeight" | "bias", shape: Shape) =>
      this.parameter(role === "bias" ? role : "weight", role, initialTensor(role, shape, options, fanIn), fanIn);
    this.weight = parameter("convWeight", [kh, kw, inChannels / groups, outChannels]);
    this.bias = bias ? parameter("bias", [outChannels]) : null;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, options } = this;
    expectChannelsLast("Conv2d", x.shape, weight.shape[2]! * (options.groups ?? 1));
    if (this.paddingMode !== "zeros") return this.#ofPadded(x, this.paddingMode);
    return bias ? convolveWithBias(x, weight, bias, options) : F.conv2d(x, weight, options);
  }

  #ofPadded(x: Tensor, mode: F.PadMode): Tensor {
    const { weight, bias, options } = this;
    const { stride = 1, dilation = 1, padding = 0 } = options;
    const window = {
      kernelSize: [weight.shape[0]!, weight.shape[1]!],
      stride: pair(stride),
      dilation: pair(dilation),
    } as const;
    const { padding: start, paddingEnd: end = start } = resolvePadding("Conv2d", padding, x.shape, window);
    const widths = [
      [0, 0],
      [start[0], end[0]],
      [start[1], end[1]],
      [0, 0],
    ] as const;
    const unpadded = { ...options, padding: 0 };
    return scope(() => {
      const around = F.pad(x, widths, { mode });
      return bias ? convolveWithBias(around, weight, bias, unpadded) : F.conv2d(around, weight, unpadded);
    });
  }

  override extraRepr(): string {
    const [kh, kw, within, outChannels] = this.weight.shape;
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = this.options;
    const both = (value: unknown) => (typeof value === "number" ? [value, value] : value);
    const unless = (usual: number, value: unknown) =>
      String(both(value)) === `${usual},${usual}` ? null : both(value);
    const window = {
      kernelSize: [kh, kw],
      stride: both(stride),
      padding: unless(0, padding),
      dilation: unless(1, dilation),
    };
    const rest = {
      groups: groups === 1 ? null : groups,
      bias: this.bias ? null : false,
      paddingMode: this.paddingMode === "zeros" ? null : this.paddingMode,
    };
    return `${within! * groups}, ${outChannels}, ${showNumbers({ ...window, ...rest })}`;
  }
}
