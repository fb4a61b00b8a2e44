/** Every number of docs/recipe.md 1.3, and of the fixture behind it: from the structure alone, and where tensors exist, from the tensors. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { liveStorage, setBackend } from "../../src/index.js";
import { createModel, type SummaryRow, summarize } from "../../src/models/index.js";
import { mobileones } from "./mobileones.js";

interface ModelFacts {
  readonly parametersTrain: number;
  readonly parametersDeploy: number;
  readonly headParameters: number;
  readonly bufferElements: number;
  readonly trainableTensors: number;
  readonly stateEntriesTrain: number;
  readonly stateEntriesDeploy: number;
  readonly batchNorms: number;
  readonly skipNorms: number;
  readonly convMacsTrain: number;
  readonly convMacsDeploy: number;
  readonly linearMacs: number;
  readonly totalDeployMmacs: number;
  readonly activationsTrainM: number;
  readonly activationsDeployM: number;
  readonly normElementsM: number;
  readonly stageParameters: readonly (readonly [train: number, deploy: number])[];
}
interface LayerFacts {
  readonly name: string;
  readonly branches: string;
  readonly outputSide: number;
  readonly parametersTrain: number;
  readonly parametersDeploy: number;
  readonly deployMacs: number;
}
interface Facts {
  readonly models: Readonly<Record<string, ModelFacts>>;
  readonly s0Layers: readonly LayerFacts[];
}

const facts = JSON.parse(
  readFileSync(new URL("../golden/models/mobileone-facts.json", import.meta.url), "utf8"),
) as Facts;

beforeAll(async () => {
  await setBackend("reference");
});

const millions = (value: number, digits = 2) => +(value / 1e6).toFixed(digits);

function stageParameters(rows: readonly SummaryRow[]): number[][] {
  return Array.from({ length: 5 }, (_, stage) => {
    const own = rows.filter(({ name }) => name.split(".")[0] === `stage${stage}`);
    return (["train", "deploy"] as const).map((form) => own.reduce((total, row) => total + row[form].parameters, 0));
  });
}

describe("summarize", () => {
  it("knows the five models", () => {
    expect(mobileones).toEqual(Object.keys(facts.models));
    expect(() => summarize("mobileone_s5")).toThrow(/no model "mobileone_s5"[\s\S]*mobileone_s4/);
  });

  for (const [name, expected] of Object.entries(facts.models))
    it(`${name} at 224, from its structure`, () => {
      const { rows, totals } = summarize(name);
      const { train, deploy } = totals;
      const found: ModelFacts = {
        parametersTrain: train.parameters,
        parametersDeploy: deploy.parameters,
        headParameters: rows.at(-1)!.train.parameters,
        bufferElements: train.bufferElements,
        trainableTensors: train.trainableTensors,
        stateEntriesTrain: train.stateEntries,
        stateEntriesDeploy: deploy.stateEntries,
        batchNorms: train.batchNorms,
        skipNorms: train.skipNorms,
        convMacsTrain: train.convMacs,
        convMacsDeploy: deploy.convMacs,
        linearMacs: train.linearMacs,
        totalDeployMmacs: millions(deploy.convMacs + deploy.linearMacs, 1),
        activationsTrainM: millions(train.activations),
        activationsDeployM: millions(deploy.activations),
        normElementsM: millions(train.normElements),
        stageParameters: stageParameters(rows) as [number, number][],
      };
      expect(found).toEqual(expected);
      expect(deploy.batchNorms + deploy.bufferElements).toBe(0);
    });

  it("mobileone_s0 layer by layer", () => {
    const { rows } = summarize("mobileone_s0");
    const found = rows.map((row) => ({
      name: row.name,
      type: row.type,
      inChannels: row.inChannels,
      outChannels: row.outChannels,
      kernelSize: row.kernelSize,
      stride: row.stride,
      groups: row.groups,
      branches: [
        row.branches.skip ? "skip" : "",
        row.branches.scale ? "scale" : "",
        row.branches.convs > 0 ? `conv${row.branches.convs}` : "",
      ]
        .filter(Boolean)
        .join("+"),
      outputSide: row.outputShape.length === 3 ? row.outputShape[0] : 0,
      parametersTrain: row.train.parameters,
      parametersDeploy: row.deploy.parameters,
      deployMacs: row.deploy.convMacs + row.deploy.linearMacs,
    }));
    expect(found).toEqual(facts.s0Layers);
  });

  it("gives the figures that mmpretrain's get_flops prints, by its own rule (docs/recipe.md 1.3)", () => {
    // one per convolution MAC, two per batch-norm element, one per element that an average pool reads, no classifier
    const flops = (name: string, form: "train" | "deploy") => {
      const { rows, totals } = summarize(name);
      const blocks = rows.slice(0, -1);
      const pooled = [...blocks.filter((row) => row.hasSqueezeExcite), blocks.at(-1)!];
      const elements = pooled.reduce((total, { outputShape: [h, w, c] }) => total + h! * w! * c!, 0);
      return totals[form].convMacs + 2 * totals[form].normElements + elements;
    };
    expect(flops("mobileone_s0", "deploy")).toBe(274_136_576);
    expect(flops("mobileone_s4", "deploy")).toBe(2_979_222_528);
    const giga = (name: string, form: "train" | "deploy") => (flops(name, form) / 1e9).toFixed(3);
    expect(mobileones.map((name) => giga(name, "train"))).toEqual(["1.087", "0.857", "1.337", "1.942", "3.041"]);
    expect(mobileones.map((name) => giga(name, "deploy"))).toEqual(["0.274", "0.824", "1.296", "1.894", "2.979"]);
  });

  it("scales with the image, also where it is not square or a multiple of 32", () => {
    const shapes = summarize("mobileone_s0", { imageSize: [160, 100], numClasses: 10 }).rows.map((r) => r.outputShape);
    expect(shapes[0]).toEqual([80, 50, 48]);
    expect(shapes.at(-2)).toEqual([5, 4, 1024]);
    expect(shapes.at(-1)).toEqual([10]);
    const half = summarize("mobileone_s4", { imageSize: 112 }).totals.deploy.convMacs;
    // the squeeze-and-excitation convolutions do not depend on the image
    expect(facts.models.mobileone_s4!.convMacsDeploy - 4 * half).toBeLessThan(0);
    expect(() => summarize("mobileone_s0", { imageSize: 0 })).toThrow(/image size 0x0/);
  });
});

describe("createModel", () => {
  for (const [name, expected] of Object.entries(facts.models))
    for (const deploy of [false, true])
      it(`${name} ${deploy ? "deploy" : "train"} form has the tensors that the summary counts`, () => {
        const before = liveStorage();
        const model = createModel(name, { deploy, init: "zeros" });
        const sizes = (tensors: Iterable<{ size: number }>) =>
          [...tensors].reduce((total, { size }) => total + size, 0);
        const parameters = [...model.namedParameters().values()].map(({ tensor }) => tensor);
        expect(sizes(parameters)).toBe(deploy ? expected.parametersDeploy : expected.parametersTrain);
        expect(parameters.length).toBe(deploy ? expected.stateEntriesDeploy : expected.trainableTensors);
        expect(sizes(model.namedBuffers().values())).toBe(deploy ? 0 : expected.bufferElements);
        expect(model.stateDict().size).toBe(deploy ? expected.stateEntriesDeploy : expected.stateEntriesTrain);
        model.dispose();
        expect(liveStorage()).toEqual(before);
      });

  it("refuses unknown names and class counts", () => {
    expect(() => createModel("resnet50")).toThrow(/no model "resnet50"/);
    expect(() => createModel("toString")).toThrow(/no model/);
    expect(() => createModel("mobileone_s0", { numClasses: 0 })).toThrow(/numClasses is 0/);
  });
});
