/**
 * Matrix products in WGSL by hand: tiles of both matrices in workgroup memory, a 4×4 square of the output in the registers
 * of each thread. gpu.js kernels have no workgroup memory; kernels/products.ts holds their twins. The switch is for tests
 * and measurements.
 */
import { foldGroups } from "../groups.js";
import { isNanBits } from "../helpers.js";
import type { Dims } from "../kernel.js";
import { sumRun } from "../kernels/reduce.js";
import type { Pipeline, PipelineCache } from "../pipelines.js";
import type { Place, Plan, Product } from "../plan.js";
import { isHandWritten } from "./switches.js";

/** Rows and columns of an output tile; a thread computes 4×4 of it. */
const TILE = 64;
/** Depth of a step. */
const DEPTH = 16;
const THREADS = 16;

/** Below this many outputs a tile would be mostly empty. */
const SMALLEST_SIDE = 8;
/** Workgroups below which a long product is split. */
const ENOUGH_GROUPS = 128;
const SHORTEST_PART = 256;

/**
 * Parameters: m, n, k, length of a part of k; batch stride of a and b in elements, flags; scale; tiles in a column and in a
 * row. Workgroups count tiles: along a row, then down, then through batches or parts.
 */
const text = (transposeA: boolean, transposeB: boolean): string => `
struct Params {
  m : u32, n : u32, k : u32, part : u32,
  strideA : u32, strideB : u32, hasBias : u32, isRelu : u32,
  scale : f32, isSplit : u32, down : u32, across : u32,
  slabs : u32, unused0 : u32, unused1 : u32, unused2 : u32
}
@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read> a : array<f32>;
@group(0) @binding(2) var<storage, read> b : array<f32>;
@group(0) @binding(3) var<storage, read> bias : array<f32>;
@group(0) @binding(4) var<storage, read_write> y : array<f32>;
var<workgroup> tileA : array<f32, ${TILE * DEPTH}>;
var<workgroup> tileB : array<f32, ${TILE * DEPTH}>;

@compute @workgroup_size(${THREADS}, ${THREADS})
fn main(@builtin(workgroup_id) id : vec3<u32>, @builtin(num_workgroups) groups : vec3<u32>,
        @builtin(local_invocation_id) local : vec3<u32>, @builtin(local_invocation_index) index : u32) {
  let tile = id.x + id.y * groups.x;
  let group = vec3<u32>(tile % params.across, (tile / params.across) % params.down, tile / (params.across * params.down));
  if (group.z >= params.slabs) { return; }
  let row0 = group.y * ${TILE}u;
  let column0 = group.x * ${TILE}u;
  let slab = select(group.z, 0u, params.isSplit == 1u);
  let firstA = slab * params.strideA;
  let firstB = slab * params.strideB;
  let start = select(0u, group.z * params.part, params.isSplit == 1u);
  let end = min(params.k, start + params.part);
  var sum : array<vec4<f32>, 4>;
  for (var k0 = start; k0 < end; k0 += ${DEPTH}u) {
    for (var e = index; e < ${TILE * DEPTH}u; e += ${THREADS * THREADS}u) {
      ${
        transposeA ? `let ka = e / ${TILE}u; let ra = e % ${TILE}u;` : `let ra = e / ${DEPTH}u; let ka = e % ${DEPTH}u;`
      }
      var va = 0.0;
      if (row0 + ra < params.m && k0 + ka < end) {
        va = a[firstA + ${transposeA ? "(k0 + ka) * params.m + row0 + ra" : "(row0 + ra) * params.k + k0 + ka"}];
      }
      tileA[ka * ${TILE}u + ra] = va;
      ${
        transposeB ? `let cb = e / ${DEPTH}u; let kb = e % ${DEPTH}u;` : `let kb = e / ${TILE}u; let cb = e % ${TILE}u;`
      }
      var vb = 0.0;
      if (column0 + cb < params.n && k0 + kb < end) {
        vb = b[firstB + ${transposeB ? "(column0 + cb) * params.k + k0 + kb" : "(k0 + kb) * params.n + column0 + cb"}];
      }
      tileB[kb * ${TILE}u + cb] = vb;
    }
    workgroupBarrier();
    for (var d = 0u; d < ${DEPTH}u; d++) {
      let atA = d * ${TILE}u + local.y * 4u;
      let atB = d * ${TILE}u + local.x * 4u;
      let right = vec4<f32>(tileB[atB], tileB[atB + 1u], tileB[atB + 2u], tileB[atB + 3u]);
      sum[0] += tileA[atA] * right;
      sum[1] += tileA[atA + 1u] * right;
      sum[2] += tileA[atA + 2u] * right;
      sum[3] += tileA[atA + 3u] * right;
    }
    workgroupBarrier();
  }
  let firstY = group.z * params.m * params.n;
  for (var r = 0u; r < 4u; r++) {
    let row = row0 + local.y * 4u + r;
    if (row >= params.m) { break; }
    for (var c = 0u; c < 4u; c++) {
      let column = column0 + local.x * 4u + c;
      if (column >= params.n) { break; }
      var value = sum[r][c] * params.scale;
      if (params.hasBias == 1u) { value += bias[column]; }
      if (params.isRelu == 1u && !(${isNanBits("value")}) && value < 0.0) { value = 0.0; }
      y[firstY + row * params.n + column] = value;
    }
  }
}`;

export interface ProductCall {
  readonly pipeline: Pipeline;
  readonly operands: readonly Place[];
  readonly out: Place;
  readonly groups: Dims;
  readonly parameters: Uint32Array;
  /** Adds up the parts of a split product. */
  readonly finish: ((plan: Plan) => void) | null;
}

/** The call of a product, or null for one that is left to gpu.js. */
export function productCall(
  { a, b, y, m, n, k, transposeA, transposeB, batch, strideA, strideB, bias, relu, scale }: Product,
  pipelines: PipelineCache,
  scratch: (length: number) => Place,
): ProductCall | null {
  const rows = Math.ceil(m / TILE);
  const columns = Math.ceil(n / TILE);
  if (!isHandWritten("products") || m < SMALLEST_SIDE || n < SMALLEST_SIDE) return null;
  const canSplit = batch === 1 && !bias && !relu;
  const wanted = canSplit ? Math.ceil(ENOUGH_GROUPS / (rows * columns)) : 1;
  const parts = Math.max(1, Math.min(wanted, Math.floor(k / SHORTEST_PART)));
  const part = Math.ceil(k / parts);
  const name = `tiled product${transposeA ? " Aᵀ" : ""}${transposeB ? " Bᵀ" : ""}`;
  const pipeline = pipelines.raw(name, () => text(transposeA, transposeB), ["read", "read", "read", "write"], {
    workgroup: [THREADS, THREADS, 1],
    parameterBytes: 64,
    kinds: [],
  });
  const isSplit = parts > 1;
  const out = isSplit ? scratch(parts * m * n) : y;
  const parameters = new Uint32Array(16);
  parameters.set([m, n, k, part, strideA * m * k, strideB * k * n, Number(bias !== null), Number(relu)]);
  new Float32Array(parameters.buffer)[8] = isSplit ? 1 : scale;
  const slabs = isSplit ? parts : batch;
  parameters.set([Number(isSplit), rows, columns, slabs], 9);
  return {
    pipeline,
    operands: [a, b, bias ?? a],
    out,
    groups: foldGroups(columns * rows * slabs, 1).groups,
    parameters,
    finish: isSplit ? (plan) => sumRun(out, { outer: 1, count: parts, inner: m * n }, y, plan, scale) : null,
  };
}
