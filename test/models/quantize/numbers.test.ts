/** The arithmetic of quantisation: rounding, ranges, scales, float16. */
import { describe, expect, it } from "vitest";
import { float16Bits, roundHalfEven } from "../../../src/io/float16.js";
import { quantizeWeights, roundedWeights } from "../../../src/models/quantize/int8-weights.js";
import { Histogram, quantizerOf } from "../../../src/models/quantize/ranges.js";

/** IEEE 754 binary16, read independently of what writes it. */
function fromBits(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? Infinity : (1024 + fraction) * 2 ** (exponent - 25);
  return exponent === 31 && fraction > 0 ? Number.NaN : sign ? -size : size;
}

describe("rounding", () => {
  it("takes ties to the even number", () => {
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994].map(roundHalfEven)).toEqual([-2, -2, 0, 0, 2, 2, 0]);
  });

  it("to float16 keeps every float16, and takes the nearest, ties to even", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromBits(bits);
      if (!Number.isNaN(value)) expect(float16Bits(value)).toBe(bits);
    }
    for (let bits = 1; bits < 0x7bff; bits += 7) {
      const middle = (fromBits(bits) + fromBits(bits + 1)) / 2;
      expect(float16Bits(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(float16Bits(middle * (1 - 2 ** -40))).toBe(bits);
      expect(float16Bits(middle * (1 + 2 ** -40))).toBe(bits + 1);
    }
    expect([65519, 65520, -1e9].map(float16Bits)).toEqual([0x7bff, 0x7c00, 0xfc00]);
  });
});

describe("a range", () => {
  it("has 0 as a number of its own", () => {
    for (const [min, max] of [
      [0, 6],
      [-1, 3],
      [-2.3, 0],
      [1, 4],
      [-5, -1],
    ] as const) {
      const { scale, zeroPoint } = quantizerOf({ min, max });
      expect(Number.isInteger(zeroPoint)).toBe(true);
      // the ends come back within half a step
      expect(Math.abs((255 - zeroPoint) * scale - Math.max(0, max))).toBeLessThanOrEqual(0.501 * scale);
      expect(Math.abs((0 - zeroPoint) * scale - Math.min(0, min))).toBeLessThanOrEqual(0.501 * scale);
    }
    expect(quantizerOf({ min: 0, max: 0 })).toEqual({ scale: 1, zeroPoint: 0 });
  });

  it("is cut by percentile and by error where few values are far out", () => {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => (i === 0 ? 1000 : (i % 1000) / 1000));
    const histogram = new Histogram({ min: 0, max: 1000 });
    histogram.add(values);
    expect(histogram.by("min-max")).toEqual({ min: 0, max: 1000 });
    expect(histogram.by("percentile").max).toBeLessThan(2);
    const even = new Histogram({ min: -1, max: 1 });
    even.add(Float64Array.from({ length: 10_001 }, (_, i) => i / 5000 - 1));
    expect(even.by("mse")).toEqual({ min: -1, max: 1 });
    expect(even.by("percentile").max).toBeGreaterThan(0.99);
  });
});

describe("weights of a product", () => {
  it("have a scale for each output channel, and a bias in steps of input times weight", () => {
    const { values, scales, bias } = quantizeWeights(Float32Array.of(1, -2, 0.5, 0.25), 2, Float32Array.of(4, -1), 0.1);
    expect([...values]).toEqual([64, -127, 127, 64]);
    expect([...scales]).toEqual([Math.fround(2 / 127), Math.fround(0.5 / 127)]);
    expect([...bias!]).toEqual([2540, -2540]);
  });

  it("of a channel of zeros carry its bias all the same", () => {
    const { values, scales, bias } = quantizeWeights(new Float32Array(4), 2, Float32Array.of(3, 0), 0.5);
    expect([...values]).toEqual([0, 0, 0, 0]);
    expect(bias![0]! * scales[0]! * 0.5).toBeCloseTo(3, 6);
    expect(bias![1]).toBe(0);
  });

  it("come back within half a step", () => {
    const weights = Float32Array.from({ length: 90 }, (_, i) => Math.sin(i * 7) * (1 + (i % 9)));
    const back = roundedWeights(weights, 10);
    for (let c = 0; c < 10; c++) {
      const channel = weights.subarray(9 * c, 9 * c + 9);
      const step = Math.max(...channel.map(Math.abs)) / 127;
      for (const [i, weight] of channel.entries())
        expect(Math.abs(weight - back[9 * c + i]!)).toBeLessThanOrEqual(0.5001 * step);
    }
  });
});
