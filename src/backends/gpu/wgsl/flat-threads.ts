/**
 * A translated kernel of three coordinates whose threads are counted in one row: a dispatch reaches 65,535 workgroups a
 * side, which tensors with an axis of half a million pass. Costs two divisions a thread, so only such dispatches take it.
 */
import { BackendError } from "../../../util/errors.js";
import type { Translation } from "../gpujs.js";

const head = /@compute @workgroup_size\(\d+, \d+, 1\)\s*fn main\(@builtin\(global_invocation_id\) gid : vec3<u32>\) \{/;

const flatHead = (threads: number): string => `@compute @workgroup_size(${threads}, 1, 1)
fn main(@builtin(global_invocation_id) flat : vec3<u32>) {
  let at = flat.x + flat.y * params.dispatchWidth;
  let column = at / params.outputX;
  let gid = vec3<u32>(at % params.outputX, column % params.outputY, column / params.outputY);`;

/** Threads behind the last output end by their z, as the translation's own do by any coordinate. */
export function withFlatThreads({ wgsl, parameterBytes }: Translation, name: string, threads: number): Translation {
  if (!head.test(wgsl))
    throw new BackendError(
      `gpu: ${name}: the translation begins in another way than expected, its threads stay uncounted`,
    );
  return { wgsl: wgsl.replace(head, flatHead(threads)), workgroup: [threads, 1, 1], parameterBytes };
}
