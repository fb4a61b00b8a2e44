/** No public function or layer is left out of the random cases without a reason. */
import { describe, expect, it } from "vitest";
import * as chapters from "../../src/chapters/index.js";
import { nn } from "../../src/index.js";
import * as functions from "../../src/ops/functional/index.js";
import { names } from "./cases.js";
import { withoutRows } from "./without-rows.js";

const publicNames = [functions, chapters, nn].flatMap((names) => Object.keys(names));
const rowNames = new Set(names.map((name) => name.split(" ")[0]!));

describe("rows", () => {
  it("are there for every public function and layer, or the reason why not", () => {
    expect(publicNames.filter((name) => !rowNames.has(name) && !(name in withoutRows))).toEqual([]);
    expect(Object.keys(withoutRows).filter((name) => rowNames.has(name) || !publicNames.includes(name))).toEqual([]);
    expect([...rowNames].filter((name) => !publicNames.includes(name))).toEqual([]);
  });
});
