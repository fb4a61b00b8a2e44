/** Resizing along one axis: a thread per output adds up its neighbours. */
import { sizeOf } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import { flat, type Lowering, splitRows, viewOf } from "../plan.js";

/** Rows (all axes before, and the one that is resized) are counted through, in layers that a dispatch reaches. */
const resampleKernel = defineKernel(
  {
    name: "resample",
    rank: 3,
    args: {
      ...allOf("array", ["x", "starts", "weights"]),
      ...allOf("integer", ["from", "to", "taps", "layer"]),
    },
  },
  `const row = this.thread.z * layer + this.thread.y;
  ${splitPair("outer", "o", "row", "to")}
  const first = starts[2 * o];
  const count = starts[2 * o + 1];
  let total = 0;
  for (let t = 0; t < taps; t++) {
    if (t < count) {
      total += weights[0][o][t] * x[0][outer * from + first + t][this.thread.x];
    }
  }
  return total;`,
);

export const resizes = {
  resample: (([x, starts, weights], { axis }, [y], plan) => {
    const [from, to] = [x.shape[axis]!, y.shape[axis]!];
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = sizeOf(x.shape.slice(axis + 1));
    const taps = weights.shape[1]!;
    const { z, y: layer } = splitRows(outer * to);
    plan.call(resampleKernel, y.place, [inner, layer, z], {
      x: viewOf(x.place, 1, outer * from, inner),
      starts: flat(starts.place),
      weights: viewOf(weights.place, 1, to, taps),
      from,
      to,
      taps,
      layer,
    });
  }) as Lowering<"resample">,
};

export const resizeKernels: readonly GpuKernel[] = [resampleKernel];
