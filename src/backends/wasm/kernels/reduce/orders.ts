/**
 * Running sums and orders along an axis.
 */
import { along } from "../blocks/axes.js";
import type { WasmKernels } from "../plan.js";
import { callArgsort } from "./argsort.js";
import { callCumsum } from "./cumsum.js";

export const orderKernels: WasmKernels = {
  cumsum([x], { axis, ...order }, [y], plan) {
    if (x.dtype !== "float32") return false;
    callCumsum(plan, x.pointer, y.pointer, along(x.shape, axis), order);
    return true;
  },
  argsort([{ dtype, shape, size, pointer }], { descending }, [y], plan) {
    if (dtype !== "float32" && dtype !== "int32") return false;
    const length = shape.at(-1)!;
    callArgsort(plan, pointer, y.pointer, [size / length, length], { dtype, descending });
    return true;
  },
};
