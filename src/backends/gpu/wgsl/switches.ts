/** Which hand-written kernels run where they can; those that are off leave their ops to gpu.js's. For tests and measurements. */
export type HandWritten = "products" | "reductions" | "depthwise";

const on: Record<HandWritten, boolean> = { products: true, reductions: true, depthwise: true };

export const isHandWritten = (kind: HandWritten): boolean => on[kind];

/** Turns a kind on or off and returns what was before. */
export function useHandWritten(kind: HandWritten, isOn: boolean): boolean {
  const before = on[kind];
  on[kind] = isOn;
  return before;
}

export const handWrittenKinds = Object.keys(on) as readonly HandWritten[];
