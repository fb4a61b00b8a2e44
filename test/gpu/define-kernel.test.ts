/** A gpu kernel's arguments: judged by the compiler (a line under `@ts-expect-error` must be an error), and put in order here. */
import { describe, expect, it } from "vitest";
import { allOf, defineKernel } from "../../src/backends/gpu/kernel.js";
import { flat, inOrder, type Place, type Plan } from "../../src/backends/gpu/plan.js";

const blend = defineKernel(
  { name: "blend", rank: 1, args: { a: "array", b: "array", count: "integer", ...allOf("float", ["weight", "rest"]) } },
  "if (this.thread.x < count) { return a[this.thread.x] * weight + b[this.thread.x] * rest; }\nreturn 0;",
);
const place = (length: number): Place => ({ memory: {}, offset: 0, length });
const [a, b] = [flat(place(1)), flat(place(2))];

/** Never called: what must not compile. */
export function refused(plan: Plan, out: Place): void {
  const dims = [1, 1, 1] as const;
  plan.call(blend, out, dims, { a, b, count: 1, weight: 0.5, rest: 0.5 });
  // @ts-expect-error: an argument is missing
  plan.call(blend, out, dims, { a, b, count: 1, weight: 0.5 });
  // @ts-expect-error: an argument too many
  plan.call(blend, out, dims, { a, b, count: 1, weight: 0.5, rest: 0.5, scale: 1 });
  // @ts-expect-error: an argument of another name
  plan.call(blend, out, dims, { a, b, size: 1, weight: 0.5, rest: 0.5 });
  // @ts-expect-error: positions instead of names
  plan.call(blend, out, dims, [a, b, 1, 0.5, 0.5]);
  // @ts-expect-error: a number for an array
  plan.call(blend, out, dims, { a: 1, b, count: 1, weight: 0.5, rest: 0.5 });
  // @ts-expect-error: an array for a number
  plan.call(blend, out, dims, { a, b, count: a, weight: 0.5, rest: 0.5 });
  // @ts-expect-error: there are three kinds of arguments
  defineKernel({ name: "never", rank: 1, args: { a: "pointer" } }, "return a;");
}

describe("a declared gpu kernel", () => {
  it("takes its arguments in the order of the declaration, whatever the order of the call", () => {
    expect(blend.source).toMatch(/^function \(a, b, count, weight, rest\) \{/);
    expect(inOrder(blend, { rest: 0.25, weight: 0.75, count: 3, b, a })).toEqual([a, b, 3, 0.75, 0.25]);
  });
});
