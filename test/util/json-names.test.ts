import { describe, expect, it } from "vitest";
import { repeatedName } from "../../src/util/json-names.js";

describe("repeatedName", () => {
  it.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]}', undefined],
    ['{"a":1,"b":2,"a":3}', "a"],
    ['{"x":{"k":"}","k" : 2}}', "k"],
    ['[{"a":["a","a"]},{"a":"a"}]', undefined],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a\\\\":"\\"","a":1,"a\\\\":2}', "a\\"],
    ['{"":1, "":2}', ""],
    ['{"__proto__":1,"constructor":2}', undefined],
    ['"a"', undefined],
  ])("%s", (json, name) => expect(repeatedName(json)).toBe(name));

  it("goes a million levels deep", () => {
    const levels = 1_000_000;
    expect(repeatedName(`${'{"a":['.repeat(levels)}{"b":1,"b":2}${"]}".repeat(levels)}`)).toBe("b");
  });
});
