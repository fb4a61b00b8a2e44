/**
 * Reads einsum's equations: labels for the axes of each operand and of the result. No tensors here.
 */
import { type Shape, showShape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";

/** A letter for each axis; those of "..." are called ...1, ...2 from the last on. */
export type Labels = readonly string[];

const REST = "...";
const restLabels = (count: number): string[] => Array.from({ length: count }, (_, i) => `${REST}${count - i}`);

function expectReadable(equation: string, part: string): void {
  const bare = part.replace(REST, "");
  if (!/^[A-Za-z]*$/.test(bare))
    throw new ShapeError(`einsum: "${part}" of "${equation}", expected letters and at most one ...`);
}

/** A term's labels, for a tensor of `rank` axes. */
function labelsOf(equation: string, term: string, shape: Shape): string[] {
  expectReadable(equation, term);
  const [before, after] = term.split(REST) as [string, string?];
  const named = before.length + (after?.length ?? 0);
  if (after === undefined ? named !== shape.length : named > shape.length)
    throw new ShapeError(`einsum: "${term}" of "${equation}" names ${named} axes, the operand is ${showShape(shape)}`);
  return after === undefined ? [...before] : [...before, ...restLabels(shape.length - named), ...after];
}

export interface Equation {
  readonly inputs: readonly Labels[];
  readonly output: Labels;
}

/** Throws ShapeError, with the part, for an equation that cannot be read or does not fit the operands. */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left, right, ...others] = equation.replaceAll(/\s/g, "").split("->") as [string, string?, ...string[]];
  const terms = left.split(",");
  if (others.length > 0) throw new ShapeError(`einsum: "${equation}" has several ->, expected one or none`);
  if (terms.length !== shapes.length)
    throw new ShapeError(
      `einsum: "${equation}" has ${terms.length} terms for ${shapes.length} operands`,
      "operands follow the equation one by one, not in a list",
    );
  const inputs = terms.map((term, i) => labelsOf(equation, term, shapes[i]!));
  const all = inputs.flat();
  const rests = restLabels(all.reduce((most, label) => Math.max(most, Number(label.split(REST)[1] ?? 0)), 0));
  if (right === undefined) {
    const single = all.filter((label) => label.length === 1 && all.indexOf(label) === all.lastIndexOf(label));
    return { inputs, output: [...rests, ...single.sort()] };
  }
  expectReadable(equation, right);
  const output = right.includes(REST)
    ? right.split(REST).flatMap((letters, i) => (i === 0 ? [...letters, ...rests] : [...letters]))
    : [...right];
  const odd = output.find((label, i) => (label.length === 1 && !all.includes(label)) || output.indexOf(label) !== i);
  if (odd !== undefined)
    throw new ShapeError(`einsum: ${odd} in the result of "${equation}", expected letters of the operands, each once`);
  return { inputs, output };
}
