/** Updates: in place on a device, and as gpu.js kernels (the twins) where nothing can be written in place. */
import { heldAs } from "../held.js";
import { defineKernel, type GpuKernel, type InPlaceKernel } from "../kernel.js";
import { flat, type Operand, type Plan, type UpdateLowerings } from "../plan.js";

const at = (array: string): string => `${array}[this.thread.x]`;

const accumulate: InPlaceKernel = {
  name: "accumulate",
  writes: ["a"],
  reads: ["b"],
  floats: [],
  wgsl: "a[i] += b[i];",
  twins: [{ writes: 0, kernel: defineKernel("accumulate", 1, { arrays: "a b" }, `return ${at("a")} + ${at("b")};`) }],
};
const fill: InPlaceKernel = {
  name: "fill",
  writes: ["a"],
  reads: [],
  floats: ["value"],
  wgsl: "a[i] = value;",
  twins: [{ writes: 0, kernel: defineKernel("fill", 1, { arrays: "a", floats: "value" }, "return value;") }],
};
const lerp: InPlaceKernel = {
  name: "lerp",
  writes: ["a"],
  reads: ["b"],
  floats: ["weight"],
  // from the nearer end, as PyTorch
  wgsl: `let way = b[i] - a[i];
    a[i] = select(b[i] - (1.0 - weight) * way, a[i] + weight * way, weight < 0.5);`,
  twins: [
    {
      writes: 0,
      kernel: defineKernel(
        "lerp",
        1,
        { arrays: "a b", floats: "weight" },
        `const way = ${at("b")} - ${at("a")};
        if (weight < 0.5) { return ${at("a")} + weight * way; }
        return ${at("b")} - (1 - weight) * way;`,
      ),
    },
  ],
};
const sgdFloats = ["lr", "momentum", "weightDecay", "dampening", "nesterov", "isFirst"];
const decayed = `let g = ${at("grad")};
        if (weightDecay !== 0) { g = g + weightDecay * ${at("p")}; }`;
const sgd: InPlaceKernel = {
  name: "sgd",
  writes: ["p", "v"],
  reads: ["grad"],
  floats: sgdFloats,
  // a factor of 0 leaves out what may be infinite
  wgsl: `let g = select(grad[i], grad[i] + weightDecay * p[i], weightDecay != 0.0);
    let velocity = select(momentum * v[i] + (1.0 - dampening) * g, g, isFirst > 0.5 || momentum == 0.0);
    p[i] -= lr * select(velocity, g + momentum * velocity, nesterov > 0.5 && momentum != 0.0);
    v[i] = velocity;`,
  twins: [
    {
      writes: 1,
      kernel: defineKernel(
        "sgd velocity",
        1,
        { arrays: "p v grad", floats: sgdFloats.join(" ") },
        `${decayed}
        if (isFirst > 0.5 || momentum === 0) { return g; }
        return momentum * ${at("v")} + (1 - dampening) * g;`,
      ),
    },
    {
      writes: 0,
      kernel: defineKernel(
        "sgd weight",
        1,
        { arrays: "p v grad", floats: sgdFloats.join(" ") },
        `${decayed}
        let step = ${at("v")};
        if (nesterov > 0.5 && momentum !== 0) { step = g + momentum * ${at("v")}; }
        return ${at("p")} - lr * step;`,
      ),
    },
  ],
};

function run(kernel: InPlaceKernel, operands: readonly Operand[], floats: readonly number[], plan: Plan): void {
  const places = operands.map(({ place }) => place);
  if (plan.inPlace(kernel, places, floats)) return;
  for (const { writes, kernel: twin } of kernel.twins) {
    const written = places[writes]!;
    const next = plan.scratch(written.length);
    plan.call(twin, next, [written.length, 1, 1], [...places.map(flat), ...floats]);
    plan.copy(next, written);
  }
}

export const updates: UpdateLowerings = {
  accumulate: (operands, _, plan) => run(accumulate, operands, [], plan),
  fill: (operands, { value }, plan) => run(fill, operands, [heldAs(value, operands[0].dtype, "fill")], plan),
  assign: ([a, b], _, plan) => plan.copy(b.place, a.place),
  lerp: (operands, { weight }, plan) => run(lerp, operands, [weight], plan),
  sgd: (operands, { lr, momentum, weightDecay, dampening, nesterov, isFirst }, plan) =>
    run(sgd, operands, [lr, momentum, weightDecay, dampening, Number(nesterov), Number(isFirst)], plan),
};

export const updateKernels: readonly GpuKernel[] = [accumulate, fill, lerp, sgd].flatMap(({ twins }) =>
  twins.map(({ kernel }) => kernel),
);
