/** mmengine's training checkpoints: EMA, raw weights and momentum under the right names, and back with equal values. */
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/index.js";
import {
  decodeTorchFile,
  encodeMmengineCheckpoint,
  type OptimizerNumbers,
  readMmengineCheckpoint,
  type TrainingState,
} from "../../src/models/files/index.js";
import { expected, fixture, tinyModel } from "./fixtures.js";

const numbers: OptimizerNumbers = {
  lr: 0.05,
  initialLr: 0.1,
  momentum: 0.9,
  dampening: 0,
  nesterov: false,
  weightDecay: 1e-4,
  initialWeightDecay: 1e-4,
};
const read = (bytes: Uint8Array): TrainingState =>
  readMmengineCheckpoint(decodeTorchFile(bytes, "epoch_3.pth"), bytes.length, "epoch_3.pth");

describe("readMmengineCheckpoint", () => {
  const state = read(fixture("tiny-mmengine.pth"));

  it("tells averaged from raw weights, and how far the run is", () => {
    expect(state).toMatchObject({ step: 12, epoch: 3, seed: 11, averageSteps: 12, classes: ["a", "b", "c", "d", "e"] });
    expect([...state.averages.get("head.fc.weight")!.values]).toEqual(expected.mmengine.averageHead.values);
    expect([...state.raw.get("head.fc.weight")!.values]).toEqual(expected.mmengine.rawHead.values);
    expect([...state.raw.keys()]).toEqual([...state.averages.keys()]);
  });

  it("gives each parameter the momentum of its place in the order of the model, which is ours as well", () => {
    const { parameters } = expected.mmengine;
    expect([...state.optimizer.keys()]).toEqual(["momentumBuffer"]);
    const momentum = state.optimizer.get("momentumBuffer")!;
    expect([...momentum.keys()]).toEqual(parameters);
    expect([...tinyModel().namedParameters().keys()]).toEqual(parameters);
    // the fixture's i-th buffer is full of (i + 1) / 16
    parameters.forEach((name, i) => {
      expect(new Set(momentum.get(name)!.values), name).toEqual(new Set([(i + 1) / 16]));
    });
  });

  it("comes back after writing, with equal bytes the second time", () => {
    const write = (from: TrainingState) =>
      encodeMmengineCheckpoint(from, { classes: JSON.stringify(from.classes) }, { numbersOf: () => numbers });
    const file = write(state);
    expect(read(file)).toEqual(state);
    expect(write(read(file))).toEqual(file);
    const groups = (decodeTorchFile(file) as Map<string, Map<string, Map<string, unknown>[]>>)
      .get("optimizer")!
      .get("param_groups")!;
    expect(Object.fromEntries(groups[2]!)).toEqual({
      lr: 0.05,
      initial_lr: 0.1,
      momentum: 0.9,
      dampening: 0,
      nesterov: false,
      weight_decay: 1e-4,
      initial_weight_decay: 1e-4,
      params: [2],
    });
  });

  it("refuses weights alone, and an optimizer of another model", () => {
    expect(() => read(fixture("tiny-mmpretrain.pth"))).toThrow(/epoch_3\.pth: has no optimizer and state_dict/);
    const object = decodeTorchFile(fixture("tiny-mmengine.pth")) as Map<string, Map<string, unknown[]>>;
    object.get("optimizer")!.get("param_groups")!.pop();
    expect(() => readMmengineCheckpoint(object, 1e6, "x.pth")).toThrow(CheckpointError);
    const swapped = decodeTorchFile(fixture("tiny-mmengine.pth")) as Map<string, Map<string, unknown[]>>;
    swapped.get("optimizer")!.get("param_groups")!.reverse();
    expect(() => readMmengineCheckpoint(swapped, 1e6, "x.pth")).toThrow(
      /x\.pth: the momentum_buffer of parameter 0 is/,
    );
  });
});
