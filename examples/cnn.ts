/**
 * A convolutional network with a training loop of its own: is there a vertical or a horizontal stripe in the noise?
 */
import { compile, nn, noGrad, optim, Random, setBackend, type Tensor, tensor } from "tensorone";

const SIDE = 16;

class Net extends nn.Module {
  readonly conv1 = new nn.Conv2d(1, 8, { kernelSize: 3, padding: "same", bias: false });
  readonly norm = new nn.BatchNorm2d(8);
  readonly conv2 = new nn.Conv2d(8, 16, { kernelSize: 3, stride: 2, padding: 1 });
  readonly fc = new nn.Linear(16, 2);

  /** [N, 16, 16, 1] -> [N, 2]. */
  forward(images: Tensor): Tensor {
    const wide = this.norm.forward(this.conv1.forward(images)).relu();
    return this.fc.forward(this.conv2.forward(wide).relu().mean([1, 2]));
  }
}

const below = (random: Random, count: number): number => Math.floor(count * random.uniform());

/** Images with a bright column (class 0) or row (class 1), as tensors. */
function batch(size: number, random: Random): { images: Tensor; labels: Tensor } {
  const pixels = Float32Array.from({ length: size * SIDE * SIDE }, () => random.normal());
  const classes = Int32Array.from({ length: size }, () => below(random, 2));
  classes.forEach((label, i) => {
    const place = below(random, SIDE);
    for (let along = 0; along < SIDE; along++)
      pixels[i * SIDE * SIDE + (label === 0 ? along * SIDE + place : place * SIDE + along)]! += 2;
  });
  return { images: tensor(pixels, [size, SIDE, SIDE, 1]), labels: tensor(classes) };
}

await setBackend("wasm");
nn.manualSeed(0);
const model = new Net();
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
const step = compile((images: Tensor, labels: Tensor) => {
  const loss = nn.crossEntropy(model.forward(images), labels);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});

const random = new Random(1);
for (let i = 0; i < 150; i++) {
  const { images, labels } = batch(32, random);
  const loss = step(images, labels);
  if (i % 30 === 0) console.log(`step ${i}  loss ${loss.item().toFixed(4)}`);
}

const { images, labels } = batch(200, random);
const right = noGrad(() => model.eval().forward(images).argmax(-1).equal(labels).cast("float32").mean());
console.log(`${(100 * right.item()).toFixed(0)} % of new images are told apart`);
