/** A model as a file: PyTorch's layouts and names, equal bytes after a round trip, strict loading. */
import { beforeAll, describe, expect, it } from "vitest";
import { liveStorage, StateDictError, setBackend } from "../../src/index.js";
import {
  decodeInto,
  decodeSafetensors,
  encodeModel,
  encodeSafetensors,
  loadFileEntries,
  toFileEntries,
} from "../../src/models/files/index.js";
import { MobileOne, type Variant } from "../../src/models/index.js";
import { Conv2d, Linear } from "../../src/nn/index.js";
import { SGD } from "../../src/optim/index.js";
import { randomizeStatistics } from "../models/random-statistics.js";

beforeAll(async () => {
  await setBackend("reference");
});

const tiny: Variant = {
  widths: [0.125, 0.125, 0.0625, 0.0625],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
const model = (seed: number, dtype: "float32" | "float64" = "float32") => {
  const made = new MobileOne(tiny, { numClasses: 5, seed, dtype });
  randomizeStatistics(made, seed);
  return made;
};

describe("file entries", () => {
  it("hold convolution weights as OIHW and linear weights as [out, in]", async () => {
    const conv = new Conv2d(4, 6, { kernelSize: [2, 3], groups: 2, bias: false });
    conv.weight.write(Float32Array.from({ length: conv.weight.size }, (_, i) => i));
    const stored = (await toFileEntries(conv)).get("weight")!;
    expect(stored.shape).toEqual([6, 2, 2, 3]);
    // [o, i, h, w] of the file is [h, w, i, o] in memory: sizes [2, 3, 2, 6]
    const at = (o: number, i: number, h: number, w: number) => stored.values[((o * 2 + i) * 2 + h) * 3 + w];
    expect(at(0, 0, 0, 0)).toBe(0);
    expect(at(5, 1, 1, 2)).toBe(((1 * 3 + 2) * 2 + 1) * 6 + 5);
    expect(at(4, 0, 1, 1)).toBe(((1 * 3 + 1) * 2 + 0) * 6 + 4);

    const linear = new Linear(2, 3);
    linear.weight.write(Float32Array.of(1, 2, 3, 4, 5, 6));
    const entry = (await toFileEntries(linear)).get("weight")!;
    expect(entry.shape).toEqual([3, 2]);
    expect([...entry.values]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("hold counters as 64-bit scalars under mmpretrain's names", async () => {
    const { entries } = decodeSafetensors(await encodeModel(model(1)));
    const counter = entries.get("backbone.stage0.branch_scale.norm.num_batches_tracked")!;
    expect([counter.code, counter.shape]).toEqual(["I64", []]);
    expect(entries.get("backbone.stage0.branch_conv_list.0.conv.weight")!.shape).toEqual([8, 3, 3, 3]);
    expect(entries.get("backbone.stage1.0.branch_scale.conv.weight")!.shape).toEqual([8, 1, 1, 1]);
    expect(entries.get("backbone.stage4.1.se.conv1.conv.weight")!.shape).toEqual([8, 32, 1, 1]);
    expect(entries.get("head.fc.weight")!.shape).toEqual([5, 32]);
  });

  it("serve other values under the model's names, such as momentum buffers", async () => {
    const linear = new Linear(2, 3);
    const optimizer = new SGD(linear.namedParameters(), { lr: 0.1, momentum: 0.9 });
    for (const { tensor } of linear.namedParameters().values()) tensor.grad = tensor.detach();
    optimizer.step();
    const velocities = optimizer.state().slots.get("momentumBuffer")!;
    expect((await toFileEntries(linear, velocities)).get("weight")!.shape).toEqual([3, 2]);
  });
});

describe("model files", () => {
  it("save, load into another model, save: the same bytes, and no storage left behind", async () => {
    const [first, second] = [model(1), model(2)];
    const file = await encodeModel(first, { model: "tiny" });
    expect(await encodeModel(second, { model: "tiny" })).not.toEqual(file);
    const before = liveStorage();
    expect(decodeInto(second, file, "tiny.safetensors")).toEqual({ model: "tiny" });
    expect(liveStorage()).toEqual(before);
    expect(await encodeModel(second, { model: "tiny" })).toEqual(file);
  });

  it("load a float64 file into a float32 model, and a file without counters", async () => {
    const [double, single] = [model(1, "float64"), model(2)];
    decodeInto(single, await encodeModel(double));
    const own = single.stateDict().get("head.fc.weight")!.dataSync();
    expect(own).toEqual(Float32Array.from(double.stateDict().get("head.fc.weight")!.dataSync()));
    const bare = new Map([...(await toFileEntries(double))].filter(([name]) => !name.endsWith("num_batches_tracked")));
    decodeInto(single, encodeSafetensors(bare));
  });

  it("name every difference and change nothing", async () => {
    const target = model(2);
    const before = await encodeModel(target);
    const entries = await toFileEntries(model(1));
    const weight = entries.get("head.fc.weight")!;
    entries.set("head.fc.weight", { ...weight, shape: [32, 5] });
    entries.set("backbone.stage0.branch_scale.conv.weight", { shape: [3], values: new Float32Array(3) });
    entries.set("extra", { shape: [1], values: new Float32Array(1) });
    entries.delete("head.fc.bias");
    expect(() => loadFileEntries(target, entries)).toThrow(StateDictError);
    expect(() => loadFileEntries(target, entries)).toThrow(
      /1 missing: head.fc.bias[\s\S]*1 unexpected: extra[\s\S]*2 misshapen/,
    );
    expect(await encodeModel(target)).toEqual(before);
  });
});
