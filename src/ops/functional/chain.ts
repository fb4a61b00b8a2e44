import type { Tensor } from "../../tensor/tensor.js";

/** x through one step after another; what was made on the way is dropped, since autograd has saved what it needs of it. */
export function chain(x: Tensor, ...steps: readonly ((x: Tensor) => Tensor)[]): Tensor {
  let y = x;
  for (const step of steps) {
    const next = step(y);
    if (y !== x && y !== next) y.dispose();
    y = next;
  }
  return y;
}

/** What `body` makes of tensors that are not needed after it. */
export function consume(parts: readonly Tensor[], body: (parts: readonly Tensor[]) => Tensor): Tensor {
  const y = body(parts);
  for (const part of parts) if (part !== y) part.dispose();
  return y;
}
