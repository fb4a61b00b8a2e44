/**
 * Every op's output dtype. The rule is "all inputs alike, output the same"; the table lists the ops that differ.
 */
import type { DType } from "../tensor/dtype.js";
import { DTypeError } from "../util/errors.js";
import type { Attrs, OpName } from "./spec.js";

type DTypeRule<K extends OpName> = (dtypes: readonly DType[], attrs: Attrs<K>) => DType;

function expectInt32(dtype: DType | undefined, where: string): void {
  if (dtype !== "int32")
    throw new DTypeError(`${where}: indices are ${dtype}, expected int32`, 'cast them: x.cast("int32")');
}

function expectMoments(dtype: DType | undefined): void {
  if (dtype !== "float64") throw new DTypeError(`moments are ${dtype}, expected float64, as patchMoments gives them`);
}

/** The one dtype of all. */
function alike(op: OpName, [first, ...rest]: readonly DType[]): DType {
  const other = rest.find((dtype) => dtype !== first);
  if (other !== undefined)
    throw new DTypeError(
      `${op}: operands are ${first} and ${other}, expected one dtype`,
      `cast one: x.cast("${first}")`,
    );
  return first!;
}

const exceptions: { readonly [K in OpName]?: DTypeRule<K> } = {
  cast: (_, { dtype }) => dtype,
  rand: (_, { dtype }) => dtype,
  randn: (_, { dtype }) => dtype,
  bernoulli: (_, { dtype }) => dtype,
  argmax: () => "int32",
  oneHot: ([indices], { dtype }) => {
    expectInt32(indices, "oneHot");
    return dtype;
  },
  gather: ([table, indices]) => {
    expectInt32(indices, "gather");
    return table!;
  },
  scatterAdd: ([dy, indices]) => {
    expectInt32(indices, "scatterAdd");
    return dy!;
  },
  patchMoments: () => "float64",
  patchMomentsGrad: ([x, ...moments]) => {
    moments.forEach(expectMoments);
    return x!;
  },
  foldBranches: ([mean, covariance, ...branches]) => {
    expectMoments(mean);
    expectMoments(covariance);
    return alike("foldBranches", branches);
  },
  foldBranchesGrad: ([dweight, dbias, mean, ...others]) => {
    expectMoments(mean);
    return alike("foldBranchesGrad", [dweight!, dbias!, ...others]);
  },
  foldMomentsGrad: (dtypes) => {
    alike("foldMomentsGrad", dtypes);
    return "float64";
  },
};

/** The dtype of op's outputs. Throws DTypeError where inputs do not agree. */
export function inferDType<K extends OpName>(op: K, dtypes: readonly DType[], attrs: Attrs<K>): DType {
  const rule = exceptions[op] as DTypeRule<K> | undefined;
  if (rule) return rule(dtypes, attrs);
  return alike(op, dtypes);
}
