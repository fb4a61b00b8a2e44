import type { Attrs } from "../../../src/ops/spec/index.js";
import type { IndexingOps } from "../../../src/ops/spec/indexing.js";
import type { MovementOps } from "../../../src/ops/spec/movement.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, type Input, input } from "./input.js";

const indices = (shape: Shape, limit: number): Input => input(shape, { indicesBelow: limit });

export const movementCases: { readonly [K in keyof MovementOps | keyof IndexingOps]: readonly Case<Attrs<K>>[] } = {
  broadcastTo: [
    { inputs: [input([])], attrs: { shape: [3, 2] } },
    { inputs: [input([3, 1])], attrs: { shape: [2, 3, 5] } },
    { inputs: [input([2, 3])], attrs: { shape: [2, 3] } },
    { inputs: [input([4, 1, 1, 20])], attrs: { shape: [4, 9, 9, 20] }, isLarge: true },
  ],
  reshape: [{ inputs: [input([2, 6])], attrs: { shape: [3, 4] } }],
  transpose: [
    { inputs: [input([3, 5])], attrs: { perm: [1, 0] } },
    { inputs: [input([2, 3, 4, 5])], attrs: { perm: [0, 3, 1, 2] } },
    { inputs: [input([2, 3, 4])], attrs: { perm: [2, 0, 1] } },
    { inputs: [input([65, 130])], attrs: { perm: [1, 0] }, isLarge: true },
    // more axes than a wasm call walks, the last kept and moved
    { inputs: [input([2, 3, 3, 2, 5])], attrs: { perm: [2, 0, 3, 1, 4] } },
    { inputs: [input([2, 3, 2, 2, 3])], attrs: { perm: [4, 2, 0, 3, 1] } },
    { inputs: [input([2, 3, 2, 2, 3, 2])], attrs: { perm: [0, 5, 2, 4, 1, 3] } },
  ],
  slice: [
    { inputs: [input([5])], attrs: { begin: [1], size: [3] } },
    { inputs: [input([4, 5])], attrs: { begin: [2, 0], size: [2, 5] } },
    { inputs: [input([4, 5, 6])], attrs: { begin: [1, 2, 0], size: [2, 3, 5] } },
  ],
  stridedSlice: [
    { inputs: [input([7])], attrs: { begin: [6], size: [3], step: [-3] } },
    { inputs: [input([4, 5])], attrs: { begin: [3, 0], size: [4, 3], step: [-1, 2] } },
    { inputs: [input([3, 4, 5])], attrs: { begin: [0, 3, 4], size: [2, 4, 5], step: [2, -1, -1] } },
    {
      inputs: [input([2, 3, 2, 3, 2])],
      attrs: { begin: [1, 0, 1, 2, 0], size: [2, 2, 2, 2, 1], step: [-1, 2, -1, -2, 1] },
    },
    { inputs: [input([])], attrs: { begin: [], size: [], step: [] } },
    {
      inputs: [input([3, 130, 257])],
      attrs: { begin: [2, 1, 256], size: [3, 65, 257], step: [-1, 2, -1] },
      isLarge: true,
    },
    {
      inputs: [input([2, 70, 1100])],
      attrs: { begin: [0, 69, 3], size: [2, 35, 1090], step: [1, -2, 1] },
      isLarge: true,
    },
  ],
  stridedSliceGrad: [
    { inputs: [input([3])], attrs: { begin: [6], step: [-3], inputShape: [7] } },
    { inputs: [input([2, 4, 2])], attrs: { begin: [0, 3, 1], step: [2, -1, 2], inputShape: [3, 4, 5] } },
    {
      inputs: [input([2, 2, 2, 2, 1])],
      attrs: { begin: [1, 0, 1, 2, 0], step: [-1, 2, -1, -2, 1], inputShape: [2, 3, 2, 3, 2] },
    },
    { inputs: [input([])], attrs: { begin: [], step: [], inputShape: [] } },
    {
      inputs: [input([3, 65, 128])],
      attrs: { begin: [2, 1, 256], step: [-1, 2, -2], inputShape: [3, 130, 257] },
      isLarge: true,
    },
  ],
  pad: [
    { inputs: [input([3])], attrs: { before: [1], after: [2], value: 0 } },
    { inputs: [input([2, 3, 2])], attrs: { before: [0, 1, 2], after: [1, 0, 0], value: -1.5 } },
  ],
  concat: [
    { inputs: [input([2])], attrs: { axis: 0 } },
    { inputs: [input([2, 3]), input([1, 3]), input([4, 3])], attrs: { axis: 0 } },
    { inputs: [input([2, 3, 2]), input([2, 1, 2])], attrs: { axis: 1 } },
    { inputs: [input([0, 2]), input([3, 2]), input([0, 2])], attrs: { axis: 0 } },
  ],
  gather: [
    { inputs: [input([5]), indices([3], 5)], attrs: {} },
    { inputs: [input([6, 3]), indices([2, 4], 6)], attrs: {} },
  ],
  scatterAdd: [
    { inputs: [input([3]), indices([3], 4)], attrs: { rows: 4 } },
    { inputs: [input([2, 4, 3]), indices([2, 4], 6)], attrs: { rows: 6 } },
  ],
  takeAlongAxis: [
    { inputs: [input([5]), indices([3], 5)], attrs: { axis: 0 } },
    { inputs: [input([6, 3]), indices([2, 3], 6)], attrs: { axis: 0 } },
    { inputs: [input([3, 4]), indices([3, 7], 4)], attrs: { axis: 1 } },
    { inputs: [input([2, 4, 3]), indices([2, 5, 3], 4)], attrs: { axis: 1 } },
    { inputs: [input([300, 70]), indices([300, 300], 70)], attrs: { axis: 1 }, isLarge: true },
    { inputs: [input([2, 900, 90]), indices([2, 800, 90], 900)], attrs: { axis: 1 }, isLarge: true },
  ],
  takeAlongAxisGrad: [
    { inputs: [input([3]), indices([3], 4)], attrs: { axis: 0, rows: 4 } },
    { inputs: [input([3, 7]), indices([3, 7], 4)], attrs: { axis: 1, rows: 4 } },
    { inputs: [input([2, 5, 3]), indices([2, 5, 3], 6)], attrs: { axis: 1, rows: 6 } },
    { inputs: [input([2, 150, 270]), indices([2, 150, 270], 80)], attrs: { axis: 1, rows: 80 }, isLarge: true },
  ],
  scatter: [
    { inputs: [input([5]), indices([1], 5), input([1])], attrs: { axis: 0 } },
    { inputs: [input([4, 3]), indices([1, 3], 4), input([1, 3])], attrs: { axis: 0 } },
    { inputs: [input([2, 6, 2]), indices([2, 1, 2], 6), input([2, 1, 2])], attrs: { axis: 1 } },
    {
      inputs: [input([2, 150, 270]), indices([2, 90, 270], 150), input([2, 90, 270])],
      attrs: { axis: 1 },
      isLarge: true,
    },
  ],
  oneHot: [
    { inputs: [indices([4], 5)], attrs: { depth: 5, dtype: "float32" } },
    { inputs: [indices([2, 3], 7)], attrs: { depth: 7, dtype: "float32" } },
  ],
};
