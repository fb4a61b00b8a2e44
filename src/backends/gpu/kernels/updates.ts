/** Updates: in place on a device, and as gpu.js kernels (the twins) where nothing can be written in place. */
import type { Resolved } from "../../../ops/scalar.js";
import type { AdamAttrs } from "../../../ops/spec/index.js";
import { heldAs } from "../held.js";
import { allOf, defineKernel, type GpuKernel, type InPlaceKernel } from "../kernel.js";
import { type BufferOperand, flat, type Plan, type UpdateLowerings } from "../plan.js";

const at = (array: string): string => `${array}[this.thread.x]`;

const accumulate: InPlaceKernel = {
  name: "accumulate",
  writes: ["a"],
  reads: ["b"],
  floats: [],
  wgsl: "a[i] += b[i];",
  twins: [
    {
      writes: 0,
      kernel: defineKernel(
        { name: "accumulate", rank: 1, args: { a: "array", b: "array" } },
        `return ${at("a")} + ${at("b")};`,
      ),
    },
  ],
};
const fill: InPlaceKernel = {
  name: "fill",
  writes: ["a"],
  reads: [],
  floats: ["value"],
  wgsl: "a[i] = value;",
  twins: [
    {
      writes: 0,
      kernel: defineKernel({ name: "fill", rank: 1, args: { a: "array", value: "float" } }, "return value;"),
    },
  ],
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
        { name: "lerp", rank: 1, args: { a: "array", b: "array", weight: "float" } },
        `const way = ${at("b")} - ${at("a")};
        if (weight < 0.5) { return ${at("a")} + weight * way; }
        return ${at("b")} - (1 - weight) * way;`,
      ),
    },
  ],
};
const sgdFloats = ["lr", "momentum", "weightDecay", "dampening", "nesterov", "isFirst", "sign"];
/** `sign` is −1 to maximize, else 1: a product with either is exact. */
const decayed = `let g = sign * ${at("grad")};
        if (weightDecay !== 0) { g = g + weightDecay * ${at("p")}; }`;
const sgd: InPlaceKernel = {
  name: "sgd",
  writes: ["p", "v"],
  reads: ["grad"],
  floats: sgdFloats,
  // a factor of 0 leaves out what may be infinite
  wgsl: `let slope = sign * grad[i];
    let g = select(slope, slope + weightDecay * p[i], weightDecay != 0.0);
    let velocity = select(momentum * v[i] + (1.0 - dampening) * g, g, isFirst > 0.5 || momentum == 0.0);
    p[i] -= lr * select(velocity, g + momentum * velocity, nesterov > 0.5 && momentum != 0.0);
    v[i] = velocity;`,
  twins: [
    {
      writes: 1,
      kernel: defineKernel(
        {
          name: "sgd velocity",
          rank: 1,
          args: { ...allOf("array", ["p", "v", "grad"]), ...allOf("float", sgdFloats) },
        },
        `${decayed}
        if (isFirst > 0.5 || momentum === 0) { return g; }
        return momentum * ${at("v")} + (1 - dampening) * g;`,
      ),
    },
    {
      writes: 0,
      kernel: defineKernel(
        { name: "sgd weight", rank: 1, args: { ...allOf("array", ["p", "v", "grad"]), ...allOf("float", sgdFloats) } },
        `${decayed}
        let step = ${at("v")};
        if (nesterov > 0.5 && momentum !== 0) { step = g + momentum * ${at("v")}; }
        return ${at("p")} - lr * step;`,
      ),
    },
  ],
};

const adamFloats = ["step", "keep", "weightDecay", "beta1", "rest1", "beta2", "rest2", "root", "eps", "sign"];

/** What follows from the attributes alone, in float64. */
function adamNumbers(attrs: Resolved<AdamAttrs>): number[] {
  const { lr, weightDecay, decoupled, beta1, beta2, eps, correction1, correction2, maximize } = attrs;
  const [keep, coupled] = decoupled ? [1 - lr * weightDecay, 0] : [1, weightDecay];
  const [step, root] = [lr / correction1, Math.sqrt(correction2)];
  return [step, keep, coupled, beta1, 1 - beta1, beta2, 1 - beta2, root, eps, maximize ? -1 : 1];
}

/** The two updates differ in whether √v is of v or of its largest value so far. */
function adamKernel(name: string, largest: "v" | "top"): InPlaceKernel {
  const isLargest = largest === "top";
  const slots = isLargest ? ["m", "v", "top"] : ["m", "v"];
  const args = { ...allOf("array", ["p", ...slots, "grad"]), ...allOf("float", adamFloats) };
  const twin = (what: string, body: string) => defineKernel({ name: `${name} ${what}`, rank: 1, args }, body);
  const twins = [
    twin("mean", `${decayed}\n        return beta1 * ${at("m")} + rest1 * g;`),
    twin("square", `${decayed}\n        return beta2 * ${at("v")} + rest2 * g * g;`),
    ...(isLargest ? [twin("largest", `return larger(${at("top")}, ${at("v")});`)] : []),
  ];
  const weight = `return keep * ${at("p")} - step * quotient(${at("m")}, sqrtOf(${at(largest)}) / root + eps);`;
  return {
    name,
    writes: ["p", ...slots],
    reads: ["grad"],
    floats: adamFloats,
    wgsl: `let slope = sign * grad[i];
    let g = select(slope, slope + weightDecay * p[i], weightDecay != 0.0);
    let mean = beta1 * m[i] + rest1 * g;
    let square = beta2 * v[i] + rest2 * g * g;
    let largest = ${isLargest ? "larger(top[i], square)" : "square"};
    m[i] = mean;
    v[i] = square;${isLargest ? "\n    top[i] = largest;" : ""}
    p[i] = keep * p[i] - step * quotient(mean, sqrtOf(largest) / root + eps);`,
    twins: [...twins.map((kernel, i) => ({ writes: i + 1, kernel })), { writes: 0, kernel: twin("weight", weight) }],
  };
}
const adam = adamKernel("adam", "v");
const amsgrad = adamKernel("amsgrad", "top");

function run(kernel: InPlaceKernel, operands: readonly BufferOperand[], floats: readonly number[], plan: Plan): void {
  const places = operands.map(({ place }) => place);
  if (plan.inPlace(kernel, places, floats)) return;
  for (const { writes, kernel: twin } of kernel.twins) {
    const written = places[writes]!;
    const next = plan.scratch(written.length);
    const args = [
      ...[...kernel.writes, ...kernel.reads].map((name, i) => [name, flat(places[i]!)]),
      ...kernel.floats.map((name, i) => [name, floats[i]!]),
    ];
    plan.call(twin, next, [written.length, 1, 1], Object.fromEntries(args));
    plan.copy(next, written);
  }
}

export const updates: UpdateLowerings = {
  accumulate: (operands, _, plan) => run(accumulate, operands, [], plan),
  fill: (operands, { value }, plan) => run(fill, operands, [heldAs(value, operands[0].dtype, "fill")], plan),
  assign: ([a, b], _, plan) => plan.copy(b.place, a.place),
  lerp: (operands, { weight }, plan) => run(lerp, operands, [weight], plan),
  sgd: (operands, { lr, momentum, weightDecay, dampening, nesterov, isFirst, maximize }, plan) => {
    const flags = [Number(nesterov), Number(isFirst), maximize ? -1 : 1];
    run(sgd, operands, [lr, momentum, weightDecay, dampening, ...flags], plan);
  },
  adam: (operands, attrs, plan) => run(adam, operands, adamNumbers(attrs), plan),
  amsgrad: (operands, attrs, plan) => run(amsgrad, operands, adamNumbers(attrs), plan),
};

export const updateKernels: readonly GpuKernel[] = [accumulate, fill, lerp, sgd, adam, amsgrad].flatMap(({ twins }) =>
  twins.map(({ kernel }) => kernel),
);
