/**
 * A variational autoencoder (Kingma and Welling 2014) of little images: what is drawn is one bright square in an 8×8 frame.
 */
import { compile, nn, noGrad, optim, Random, randn, setBackend, type Tensor, tensor } from "tensorone";

const SIDE = 8;
const LATENT = 2;

/** Gives the reconstruction's logits, the mean and the logarithm of the variance. */
class Vae extends nn.Module<readonly [Tensor, Tensor, Tensor]> {
  readonly encoder = new nn.Sequential(new nn.Linear(SIDE * SIDE, 64), new nn.SiLU(), new nn.Linear(64, 2 * LATENT));
  readonly decoder = new nn.Sequential(new nn.Linear(LATENT, 64), new nn.SiLU(), new nn.Linear(64, SIDE * SIDE));

  forward(x: Tensor): readonly [Tensor, Tensor, Tensor] {
    const [mean, logVariance] = this.encoder.forward(x).chunk(2, -1) as [Tensor, Tensor];
    const drawn = mean.add(logVariance.mul(0.5).exp().mul(randn(mean.shape)));
    return [this.decoder.forward(drawn), mean, logVariance];
  }
}

const below = (random: Random, count: number): number => Math.floor(count * random.uniform());

/** [size, 64]. */
function squares(size: number, random: Random): Tensor {
  const pixels = new Float32Array(size * SIDE * SIDE);
  for (let n = 0; n < size; n++) {
    const [top, left] = [below(random, SIDE - 2), below(random, SIDE - 2)];
    for (let i = 0; i < 9; i++) pixels[n * SIDE * SIDE + (top + Math.floor(i / 3)) * SIDE + left + (i % 3)] = 1;
  }
  return tensor(pixels, [size, SIDE * SIDE]);
}

await setBackend("wasm");
nn.manualSeed(0);
const model = new Vae();
const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
const step = compile((x: Tensor) => {
  const [logits, mean, logVariance] = model.forward(x);
  const shown = nn.binaryCrossEntropyWithLogits(logits, x, { reduction: "sum" });
  // the divergence from the standard normal distribution
  const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum().mul(0.5);
  const loss = shown.add(divergence).div(x.shape[0]!);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});

const random = new Random(1);
for (let i = 0; i < 600; i++) {
  const loss = step(squares(64, random));
  if (i % 100 === 0) console.log(`step ${i}  loss ${loss.item().toFixed(2)}`);
}

const image = noGrad(() => model.decoder.forward(randn([1, LATENT])).sigmoid()).reshape([SIDE, SIDE]);
for (const row of image.toArray() as number[][]) console.log(row.map((v) => " .:#"[Math.floor(v * 3.99)]).join(""));
