/** The engine's answer to a case, on the backend in use. */
import { enableGrad, GradientError, mul, scope, sum, type Tensor, tensor } from "../../src/index.js";
import type { Answer, Case, Operand, Values } from "./case.js";

export type Precision = "float64" | "float32";

/** Number k: weights() of run-cases.py. */
const weights = (size: number, k: number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) =>
    Math.fround((Math.imul(i + 1 + 100_003 * k, 2654435761) >>> 0) / 2 ** 31 - 1),
  );

function made({ shape, kind, values }: Operand, dtype: Precision): Tensor {
  if (kind === "integer") return tensor(values, shape, { dtype: "int32" });
  if (kind === "bool") return tensor(values, shape, { dtype: "bool" });
  return tensor(values, shape, { dtype, requiresGrad: kind === "float" });
}

const valuesOf = (x: Tensor): Values => ({ shape: x.shape, values: Float64Array.from(x.dataSync(), Number) });

const isFloat = ({ dtype }: Tensor): boolean => dtype === "float32" || dtype === "float64";

/** Results without a graph have gradients of 0, which PyTorch's answer is held against. */
function walkBack(total: Tensor): void {
  try {
    total.backward();
  } catch (error) {
    if (!(error instanceof GradientError)) throw error;
  }
}

export function ourAnswer({ operands, ours }: Case, dtype: Precision): Answer {
  return enableGrad(() =>
    scope(() => {
      try {
        const xs = operands.map((operand) => made(operand, dtype));
        const given = ours(...xs);
        const outputs: readonly Tensor[] = Array.isArray(given) ? given : [given];
        const found = outputs.map(valuesOf);
        const strange = outputs.find((y) => isFloat(y) && y.dtype !== dtype);
        if (strange) return { error: `a result is ${strange.dtype}` };
        const leaves = xs.filter((x) => x.requiresGrad);
        if (leaves.length > 0) {
          const parts = outputs.flatMap((y, k) =>
            isFloat(y) ? [sum(mul(y, tensor(weights(y.size, k), y.shape, { dtype })))] : [],
          );
          if (parts.length > 0) walkBack(parts.reduce((all, one) => all.add(one)));
        }
        return {
          outputs: found,
          gradients: leaves.map((x) =>
            x.grad ? valuesOf(x.grad) : { shape: x.shape, values: new Float64Array(x.size) },
          ),
        };
      } catch (error) {
        return { error: `${(error as Error).name}: ${(error as Error).message}`.split("\n")[0]! };
      }
    }),
  );
}
