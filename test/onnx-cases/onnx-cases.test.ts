/**
 * ONNX's own backend tests, 1,072 small models with the numbers of ONNX's reference code, by public calls on every backend. A
 * case is right, or a reason says why public calls cannot say it.
 */
import { describe, expect, it } from "vitest";
import { isInstalled } from "./cases.js";
import { casesAtOdds, reasons } from "./inexpressible.js";
import { backendsOfCases, runAll } from "./run-all.js";

const CASES = 1072;
const MOST_NOT_EXPRESSIBLE = 90;

describe.skipIf(!isInstalled)(
  "ONNX's backend tests (skipped without libonnx-testdata: apt-get install libonnx-testdata)",
  () => {
    it.each(backendsOfCases)("on %s", { timeout: 600_000 }, async (backend) => {
      const outcomes = await runAll(backend);
      expect(outcomes).toHaveLength(CASES);
      expect(outcomes.filter(({ verdict }) => verdict === "wrong")).toEqual([]);
      const left = outcomes.filter(({ verdict }) => verdict === "not expressible");
      expect(left.filter(({ why }) => why.startsWith("missing"))).toEqual([]);
      const whys = new Set(left.map(({ why }) => why));
      expect([...Object.values(reasons), ...casesAtOdds.values()].filter((why) => !whys.has(why))).toEqual([]);
      expect(left.length).toBeLessThanOrEqual(MOST_NOT_EXPRESSIBLE);
    });
  },
);
