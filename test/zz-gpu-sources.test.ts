import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allKernels } from "../src/backends/gpu/kernels/index.js";

it("dump", () => {
  writeFileSync(
    `/tmp/kdump/gpu-${process.env.DUMP}.json`,
    JSON.stringify(
      allKernels.map(({ name, rank, args, source }) => ({ name, rank, args: Object.entries(args), source })),
      null,
      1,
    ),
  );
  expect(1).toBe(1);
});
