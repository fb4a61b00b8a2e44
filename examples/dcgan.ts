/** The step of DCGAN (Radford et al. 2016): a generator and a discriminator that learn from each other, here on discs in 16×16 pixels. */
import { nn, ones, optim, Random, randn, scope, setBackend, type Tensor, tensor, zeros } from "tensorone";

const [SIDE, LATENT, WIDTH] = [16, 16, 16];

const up = (cIn: number, cOut: number, first = false) =>
  new nn.ConvTranspose2d(cIn, cOut, { kernelSize: 4, ...(!first && { stride: 2, padding: 1 }), bias: false });
const down = (cIn: number, cOut: number) =>
  new nn.Conv2d(cIn, cOut, { kernelSize: 4, stride: 2, padding: 1, bias: false });

/** [N, 1, 1, LATENT] -> [N, 16, 16, 1], in -1 … 1. */
const generator = () =>
  new nn.Sequential(
    ...[up(LATENT, 2 * WIDTH, true), new nn.BatchNorm2d(2 * WIDTH), new nn.ReLU()], // 4×4
    ...[up(2 * WIDTH, WIDTH), new nn.BatchNorm2d(WIDTH), new nn.ReLU()], // 8×8
    ...[up(WIDTH, 1), new nn.Tanh()],
  );

/** [N, 16, 16, 1] -> [N, 1], the logit of being real. */
const discriminator = () =>
  new nn.Sequential(
    ...[down(1, WIDTH), new nn.LeakyReLU(0.2)],
    ...[down(WIDTH, 2 * WIDTH), new nn.BatchNorm2d(2 * WIDTH), new nn.LeakyReLU(0.2)],
    ...[new nn.Conv2d(2 * WIDTH, 1, { kernelSize: 4, bias: false }), new nn.Flatten()],
  );

const below = (random: Random, count: number): number => Math.floor(count * random.uniform());
function discs(size: number, random: Random): Tensor {
  const pixels = new Float32Array(size * SIDE * SIDE);
  for (let n = 0; n < size; n++) {
    const [row, column, radius] = [6 + below(random, 4), 6 + below(random, 4), 3 + below(random, 3)];
    for (let i = 0; i < SIDE * SIDE; i++)
      pixels[n * SIDE * SIDE + i] = Math.hypot(Math.floor(i / SIDE) - row, (i % SIDE) - column) < radius ? 1 : -1;
  }
  return tensor(pixels, [size, SIDE, SIDE, 1]);
}

await setBackend("wasm");
nn.manualSeed(0);
const [g, d, random, n] = [generator(), discriminator(), new Random(1), 32];
const adam = (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 2e-4, betas: [0.5, 0.999] });
const [optimG, optimD] = [adam(g), adam(d)];
const isReal = (images: Tensor, answer: Tensor) => nn.binaryCrossEntropyWithLogits(d.forward(images), answer);

for (let step = 0; step < 60; step++)
  scope(() => {
    const fake = g.forward(randn([n, 1, 1, LATENT])).keep();
    optimD.zeroGrad();
    const lossD = isReal(discs(n, random), ones([n, 1]))
      .add(isReal(fake.detach(), zeros([n, 1])))
      .keep();
    lossD.backward();
    optimD.step();
    optimG.zeroGrad();
    const lossG = isReal(fake, ones([n, 1])).keep();
    lossG.backward();
    optimG.step();
    if (step % 10 === 0)
      console.log(`step ${step}  loss ${lossD.item().toFixed(4)}  generator ${lossG.item().toFixed(4)}`);
  });
