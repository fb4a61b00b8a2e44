/**
 * A tensor's values written into another one, whatever the dtypes and backends of the two.
 */
import type { Tensor } from "../tensor/tensor.js";
import { update } from "./apply.js";

/** Copies `given` into `own`, which has the same shape: on the backend where both share it and the dtype, else by way of the host. */
export function copyValues(own: Tensor, given: Tensor): void {
  if (given === own) return;
  if (given.backend === own.backend && given.dtype === own.dtype) update("assign", [own, given], {});
  else own.write(given.dataSync());
}
