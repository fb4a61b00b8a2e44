/**
 * Bytes to numbers on the device: a batch of pictures travels as a quarter of its float32 numbers, which are looked up there.
 * WGSL by hand, since gpu.js knows no arrays but of float32; the table's maker does the same on the host.
 */
import { boundOf, type Call } from "../calls.js";
import { foldGroups } from "../groups.js";
import { FLAT_WORKGROUP, type PipelineCache } from "../pipelines.js";
import type { Place } from "../plan.js";

const VALUES = 256;

/** A thread takes the four bytes of a word. */
const text = `struct Params { words : u32, count : u32, channels : u32, width : u32 }
@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read> packed : array<u32>;
@group(0) @binding(2) var<storage, read> table : array<f32>;
@group(0) @binding(3) var<storage, read_write> y : array<f32>;
@compute @workgroup_size(${FLAT_WORKGROUP})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let word = id.x + id.y * params.width;
  if (word >= params.words) { return; }
  let four = packed[word];
  for (var b = 0u; b < 4u; b++) {
    let i = 4u * word + b;
    if (i < params.count) {
      y[i] = table[(i % params.channels) * ${VALUES}u + ((four >> (8u * b)) & 255u)];
    }
  }
}`;

/** y[i] = table[i mod channels][byte i]; `packed` holds four bytes an element, `table` [channels, 256]. */
export function bytesCall(pipelines: PipelineCache, packed: Place, table: Place, y: Place): Call {
  const pipeline = pipelines.raw("bytes through a table", () => text, ["read", "read", "write"], {
    workgroup: [FLAT_WORKGROUP, 1, 1],
    parameterBytes: 16,
    kinds: [],
  });
  const { groups, width } = foldGroups(packed.length, FLAT_WORKGROUP);
  const parameters = Uint32Array.of(packed.length, y.length, table.length / VALUES, width);
  return { pipeline, bound: [packed, table, y].map(boundOf), groups, parameters, update: null };
}
