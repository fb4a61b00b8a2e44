/**
 * Ranges of a graph's values over pictures, and how much a quantisation changes its logits: both on the backend in use, in float32
 * with values rounded as the file rounds them.
 */
import { noGrad } from "../../autograd/tape.js";
import type { GraphProto } from "../../io/onnx/schema.js";
import * as F from "../../ops/functional/index.js";
import { tensor } from "../../tensor/create.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { GraphRunner } from "./graph-runner.js";
import { roundedWeights } from "./int8-weights.js";
import type { QuantizationPlan } from "./plan.js";
import { Histogram, type Quantizer, quantizerOf, type RangeRule } from "./ranges.js";
import { floatsOf } from "./weights.js";

/** Pictures as the network takes them: normalised, [count, side, side, channels]. */
export interface Pictures {
  readonly values: Float32Array;
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
}

/** Pictures of a forward pass. */
const BATCH = 10;

/** x as it comes back from 8 bits: (limit(round(x / scale) + zeroPoint) − zeroPoint) · scale. */
export const rounded = (x: Tensor, { scale, zeroPoint }: Quantizer): Tensor =>
  F.mul(F.sub(F.clamp(F.add(F.round(F.div(x, scale)), zeroPoint), 0, 255), zeroPoint), scale);

export class Calibration {
  readonly #graph: GraphProto;
  readonly #runner: GraphRunner;
  readonly #pictures: Pictures;
  readonly #histograms = new Map<string, Histogram>();

  /** Runs the pictures twice: extremes first, then the histograms between them. */
  static async of(graph: GraphProto, values: ReadonlySet<string>, pictures: Pictures): Promise<Calibration> {
    const calibration = new Calibration(graph, pictures);
    await calibration.#observe(values);
    return calibration;
  }

  private constructor(graph: GraphProto, pictures: Pictures) {
    this.#graph = graph;
    this.#runner = new GraphRunner(graph);
    this.#pictures = pictures;
  }

  async #observe(values: ReadonlySet<string>): Promise<void> {
    const extremes = new Map<string, { min: number; max: number }>();
    await this.#each(values, (name, data) => {
      const range = extremes.get(name) ?? { min: 0, max: 0 };
      for (const value of data) {
        if (value < range.min) range.min = value;
        if (value > range.max) range.max = value;
      }
      extremes.set(name, range);
    });
    for (const [name, range] of extremes) this.#histograms.set(name, new Histogram(range));
    await this.#each(values, (name, data) => this.#histograms.get(name)!.add(data));
  }

  /** Every value of every batch, as numbers. */
  async #each(values: ReadonlySet<string>, see: (name: string, data: Float32Array) => void): Promise<void> {
    for (const images of this.#batches()) {
      const seen: [string, Tensor][] = [];
      const keep = (name: string, value: Tensor) => {
        if (values.has(name)) seen.push([name, value.keep()]);
        return value;
      };
      noGrad(() => scope(() => void this.#runner.run(images(), { value: keep })));
      for (const [name, value] of seen) {
        see(name, (await value.data()) as Float32Array);
        value.dispose();
      }
    }
  }

  *#batches(): Generator<() => Tensor> {
    const { values, shape } = this.#pictures;
    const [count, ...rest] = shape;
    const each = values.length / count;
    for (let first = 0; first < count; first += BATCH) {
      const last = Math.min(count, first + BATCH);
      yield () => tensor(values.subarray(first * each, last * each), [last - first, ...rest]);
    }
  }

  quantizers(rule: RangeRule): Map<string, Quantizer> {
    return new Map([...this.#histograms].map(([name, histogram]) => [name, quantizerOf(histogram.by(rule))]));
  }

  /** Logits [count · classes] of the pictures; of the float32 graph, or with what the plan rounds. */
  async logits(plan?: QuantizationPlan, quantizers?: ReadonlyMap<string, Quantizer>): Promise<Float32Array> {
    const weights = new Map<string, Float32Array>();
    const stored = new Map(this.#graph.initializer.map((weight) => [weight.name, weight]));
    for (const { input } of plan ? [...plan.layers, ...plan.storedLayers] : []) {
      const weight = stored.get(input[1]!)!;
      weights.set(weight.name, roundedWeights(floatsOf(weight), weight.dims[0]!));
    }
    const value = (name: string, x: Tensor) => (plan?.values.has(name) ? rounded(x, quantizers!.get(name)!) : x);
    const all: number[] = [];
    for (const images of this.#batches()) {
      const logits = noGrad(() =>
        scope(() => this.#runner.run(images(), { value, weight: (name) => weights.get(name) })),
      );
      for (const one of await logits.data<Float32Array>()) all.push(one);
      logits.dispose();
    }
    return Float32Array.from(all);
  }
}

/** 10·log10 of the power of `expected` over that of the difference; Infinity where there is none. */
export function signalToNoise(expected: Float32Array, found: Float32Array): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    signal += expected[i]! ** 2;
    noise += (expected[i]! - found[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

/** How many rows of `classes` numbers have their largest at the same place. */
export function equalAnswers(expected: Float32Array, found: Float32Array, classes: number): number {
  const best = (values: Float32Array, row: number) => {
    const part = values.subarray(row * classes, (row + 1) * classes);
    return part.indexOf(part.reduce((most, value) => Math.max(most, value), -Infinity));
  };
  const rows = expected.length / classes;
  return Array.from({ length: rows }, (_, row) => best(expected, row) === best(found, row)).filter(Boolean).length;
}
