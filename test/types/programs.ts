/**
 * What a strict project writes, as text: it is compiled against the built package, not against src/. A line under
 * `@ts-expect-error` must be an error, so that types which have become `any` are found.
 */
export const programs = {
  "engine.ts": `
import {
  type Backend, compile, type Compiled, models, nn, noGrad, optim, setBackend, type Shape, Tensor, tensor, zeros,
} from "tensorone";

const wasm = await setBackend("wasm", { threads: 2 });
export const isTurbo: boolean = wasm.stats.turbo;
export const label: string = (await setBackend("gpu", { mode: "webasm" })).label;
export const reference: Backend = await setBackend("reference");
// @ts-expect-error: the reference backend has no threads
reference.stats;

const w = tensor([[0.1], [0.2]], undefined, { requiresGrad: true });
w.grad?.toArray();
// @ts-expect-error: before backward there is none
w.grad.toArray();
export const shape: Shape = w.grad!.shape;
export const values: Promise<ArrayLike<number>> = w.data();

const model = models.createModel("mobileone_s0", { numClasses: 10, seed: 0 });
const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 });
const step = compile((images, labels) => {
  const loss = nn.crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});
export const typed: Compiled<[images: Tensor, labels: Tensor], Tensor> = step;
step(zeros([1, 224, 224, 3]), tensor(Int32Array.of(1))).item();
step.profile([zeros([1]), zeros([1])], 3)?.map(({ ms }) => ms * 2);
// @ts-expect-error: two arguments
step(zeros([1]));
// @ts-expect-error: tensors
step(1, 2);

// other arguments say what they are
const scaled = compile((x: Tensor, by: number) => ({ scaled: x.mul(by), sum: x.sum() }));
export const sum: Tensor = scaled(zeros([2]), 3).sum;
// @ts-expect-error: the second is a number
scaled(zeros([2]), "3");
compile((...xs) => xs.length)(zeros([1]), zeros([1]));
compile(() => noGrad(() => model.forward(zeros([1, 224, 224, 3]))))();
// @ts-expect-error: no such option
compile((x) => x, { recording: 8 });

class Double extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.add(x);
  }
}
new Double().forward(zeros([2])).relu().matmul(zeros([2, 2]));
`,
  "entries.ts": `
import { coverage, fallbacks, format, setPrintOptions, type Tensor, zeros } from "tensorone";
import "tensorone/methods";
import * as nn from "tensorone/nn";
import * as optim from "tensorone/optim";

const layer: nn.Module<Tensor> = new nn.Linear(2, 3);
export const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
export const where: string = coverage()["matmul"] ?? fallbacks()[0]!.op;
export const text: string = format(zeros([2]), setPrintOptions({ precision: 2 }));
// @ts-expect-error: lr is a number
new optim.SGD(layer.parameters(), { lr: "fast" });
`,
  "node.ts": `
import {
  type Batch, DataLoader, evaluate, ImageFolder, loadCheckpoint, type StopSignal, train, type TrainOptions, models,
} from "tensorone/node";

export const run = (options: TrainOptions, signal: StopSignal) => train({ ...options, signal });
export const validate = (model: models.MobileOne, loader: DataLoader) => evaluate(model, loader);
export type Images = Batch["images"];
export const open = () => ImageFolder.open("pictures", "train");
export const load = () => loadCheckpoint(models.createModel("mobileone_s0"), "x.pth");
// @ts-expect-error: a file is named by a string
loadCheckpoint(models.createModel("mobileone_s0"), 1);
`,
} as const;
