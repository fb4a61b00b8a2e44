/**
 * Every op and update: inputs, attributes, outputs, as types, a chapter a file; the only value is how many operands an update
 * writes. The other tables (shapes, cost, the kernels of each backend, gradients) are typed over these names, so that the
 * compiler lists what a new op still lacks.
 *
 * Layouts: activations NHWC, convolution weights [KH, KW, Cin/groups, Cout].
 */
import type { CurveOps } from "./curves.js";
import type { DivisionOps } from "./divisions.js";
import type { ElementwiseOps } from "./elementwise.js";
import type { EpilogueOps } from "./epilogue.js";
import type { FoldOps } from "./folds.js";
import type { IndexingOps } from "./indexing.js";
import type { Each } from "./kinds.js";
import type { MovementOps } from "./movement.js";
import type { NormPassOps } from "./norm-passes.js";
import type { NormalisationOps } from "./normalisation.js";
import type { OrderOps } from "./orders.js";
import type { PoolingOps } from "./pooling.js";
import type { ProductOps } from "./products.js";
import type { RandomOps } from "./random.js";
import type { ReductionOps } from "./reductions.js";
import type { ResizeOps } from "./resize.js";

export type { ActivationName, CurveAttrs, FunctionName } from "./curves.js";
export type { BitwiseAttrs } from "./divisions.js";
export type { BehindAttrs, FoldAttrs, PatchAttrs } from "./folds.js";
export type { AxisAttrs, EndPadding, InputShape, NoAttrs, Pair } from "./kinds.js";
export type { StridedAttrs } from "./movement.js";
export type { BranchesAttrs, SkipAttrs, TermsAttrs } from "./norm-passes.js";
export type { EpsAttrs } from "./normalisation.js";
export type { ArgsortAttrs, CumsumAttrs } from "./orders.js";
export type { AvgPool2dAttrs, Pool2dAttrs } from "./pooling.js";
export type { ActivationAttrs, Conv2dAttrs, MatmulAttrs, WeightShape } from "./products.js";
export type { BernoulliAttrs, RandomAttrs } from "./random.js";
export type { ReduceAttrs } from "./reductions.js";
export type {
  AdamAttrs,
  CoreUpdate,
  OptimizerUpdate,
  PerOperand,
  SgdAttrs,
  UpdateAttrs,
  UpdateName,
  UpdateSpecs,
} from "./updates.js";
export { updateWrites } from "./updates.js";

export interface OpSpecs
  extends ElementwiseOps,
    DivisionOps,
    EpilogueOps,
    CurveOps,
    ReductionOps,
    OrderOps,
    MovementOps,
    IndexingOps,
    ProductOps,
    PoolingOps,
    NormalisationOps,
    NormPassOps,
    FoldOps,
    ResizeOps,
    RandomOps {}

export type OpName = keyof OpSpecs;
/** Ops that come into the tables with the functions that use them (src/chapters). */
export type ChapterOp =
  | keyof CurveOps
  | keyof DivisionOps
  | keyof EpilogueOps
  | keyof IndexingOps
  | keyof OrderOps
  | keyof PoolingOps
  | keyof NormalisationOps
  | keyof NormPassOps
  | keyof FoldOps
  | keyof ResizeOps;
/** Ops that are in the tables from the start. */
export type CoreOp = Exclude<OpName, ChapterOp>;
export type Attrs<K extends OpName> = OpSpecs[K]["attrs"];
/** One T per input of op K. */
export type PerInput<K extends OpName, T> = Each<OpSpecs[K]["inputs"], T>;
/** One T per output of op K. */
export type PerOutput<K extends OpName, T> = Each<OpSpecs[K]["outputs"], T>;
