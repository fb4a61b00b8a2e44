/** What an error quotes, from files that anybody may have made, stays in its line. */
import { expect, it } from "vitest";
import { CheckpointError, StateDictError } from "../../src/index.js";
import { stateDictError } from "../../src/nn/state-dict.js";

it("escapes line ends, control characters and marks that turn the direction of reading", () => {
  const error = new CheckpointError("a.pth: key x\nerror: forged\u001b[2J\u202e\u2028", "load\r\nit");
  expect(error.summary).toBe("a.pth: key x\\x0aerror: forged\\x1b[2J\\u{202e}\\u{2028}");
  expect(error.hint).toBe("load\\x0d\\x0ait");
  expect(error.message.split(/[\r\n\u2028]/)).toHaveLength(2);
});

it("leaves other text as it is", () => {
  expect(new CheckpointError("größe 👩‍👧: \\x1b, 5 × 3").message).toBe("größe 👩‍👧: \\x1b, 5 × 3");
});

it("has lines where its maker gave some, and names cannot add to them", () => {
  expect(new StateDictError(["first", "second\nthird"], "try").message).toBe("first\nsecond\\x0athird\n  hint: try");
  const spec = { shape: [1], dtype: "float32" } as const;
  const error = stateDictError(new Map([["a", spec]]), new Map([["b\n  9 missing: c", { shape: [1] }]]), "x.pth");
  expect(error?.summary.split("\n")).toHaveLength(3);
});
