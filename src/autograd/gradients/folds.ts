import type { FoldOps } from "../../ops/spec/folds.js";
import { foldBranchesGradients, patchMomentsGradients } from "../folding.js";
import type { Entry } from "./entry.js";

export const foldsGradients: { readonly [K in keyof FoldOps]: Entry<K> | null } = {
  patchMoments: { needs: { inputs: [0], outputs: [0] }, connected: 2, rule: patchMomentsGradients },
  patchMomentsGrad: null,
  foldedInputGrad: null,
  foldBranches: {
    needs: { inputs: "all", outputs: [0, 3, 4] },
    connected: 4,
    rule: foldBranchesGradients,
  },
  foldBranchesGrad: null,
  foldMomentsGrad: null,
};
