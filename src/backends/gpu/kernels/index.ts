/** The table of this backend: a lowering per op and update, and every kernel they use. */
import type { GpuKernel } from "../kernel.js";
import type { Lowerings } from "../plan.js";
import { batchNormKernels, batchNorms } from "./batch-norm.js";
import { convolutionKernels, convolutions } from "./conv2d.js";
import { curveKernels, curveLowerings } from "./curves.js";
import { elementwise, elementwiseKernels } from "./elementwise.js";
import { foldKernels, folds } from "./fold.js";
import { layerNormKernels, layerNorms } from "./layer-norm.js";
import { momentKernels, moments } from "./moments.js";
import { moveKernels, moves } from "./move.js";
import { moveAlongKernels, movesAlong } from "./move-along.js";
import { normPasses, normPassKernels } from "./norm-passes.js";
import { poolKernels, pools } from "./pool.js";
import { matmul, productKernels } from "./products.js";
import { reductionKernels, reductions } from "./reduce.js";
import { resizeKernels, resizes } from "./resample.js";
import { scanKernels, scans } from "./scan.js";
import { updateKernels } from "./updates.js";

export const lowerings: Lowerings = {
  ...elementwise,
  ...curveLowerings,
  ...reductions,
  ...scans,
  ...moves,
  ...movesAlong,
  matmul,
  ...convolutions,
  ...pools,
  ...batchNorms,
  ...normPasses,
  ...layerNorms,
  ...moments,
  ...folds,
  ...resizes,
};

export const allKernels: readonly GpuKernel[] = [
  ...elementwiseKernels,
  ...curveKernels,
  ...reductionKernels,
  ...scanKernels,
  ...moveKernels,
  ...moveAlongKernels,
  ...productKernels,
  ...convolutionKernels,
  ...poolKernels,
  ...batchNormKernels,
  ...normPassKernels,
  ...layerNormKernels,
  ...momentKernels,
  ...foldKernels,
  ...resizeKernels,
  ...updateKernels,
];
