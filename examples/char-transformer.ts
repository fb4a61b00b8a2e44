/** A transformer that reads characters and guesses the next: trained on one sentence, then asked to write it. */
import { arange, compile, nn, noGrad, ones, optim, rand, setBackend, type Tensor, tensor } from "tensorone";

const text = "the quick brown fox jumps over the lazy dog. ".repeat(8);
const letters = [...new Set(text)];
const codesOf = (words: string): number[] => Array.from(words, (letter) => letters.indexOf(letter));
const [LENGTH, WIDTH] = [24, 32];
class Block extends nn.Module {
  readonly norm1 = new nn.LayerNorm(WIDTH);
  readonly attention = new nn.MultiheadAttention(WIDTH, 4);
  readonly norm2 = new nn.LayerNorm(WIDTH);
  readonly mlp = new nn.Sequential(new nn.Linear(WIDTH, 4 * WIDTH), new nn.GELU(), new nn.Linear(4 * WIDTH, WIDTH));
  forward(x: Tensor, attnMask: Tensor): Tensor {
    const normed = this.norm1.forward(x);
    const y = x.add(this.attention.forward(normed, normed, normed, { attnMask }));
    return y.add(this.mlp.forward(this.norm2.forward(y)));
  }
}

/** [N, L] -> [N, L, letters]. */
class Transformer extends nn.Module {
  readonly letters = new nn.Embedding(letters.length, WIDTH);
  readonly places = new nn.Embedding(LENGTH, WIDTH);
  readonly blocks = [new Block(), new Block()];
  readonly head = new nn.Linear(WIDTH, letters.length);
  forward(x: Tensor): Tensor {
    const length = x.shape[1]!;
    const later = ones([length, length]).triu(1).greater(0); // what comes later takes no part
    let y = this.letters.forward(x).add(this.places.forward(arange(length, { dtype: "int32" })));
    for (const block of this.blocks) y = block.forward(y, later);
    return this.head.forward(y);
  }
}

await setBackend("wasm");
nn.manualSeed(0);
const model = new Transformer();
const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
const step = compile((x: Tensor, next: Tensor) => {
  const loss = nn.crossEntropy(model.forward(x), next);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
});

for (let i = 0; i < 200; i++) {
  const starts = Array.from(rand([16]).dataSync(), (share) => Math.floor(share * (text.length - LENGTH)));
  const rows = (shift: number) => starts.flatMap((at) => codesOf(text.slice(at + shift, at + shift + LENGTH)));
  const [x, next] = [0, 1].map((shift) => tensor(Int32Array.from(rows(shift)), [16, LENGTH]));
  const loss = step(x!, next!);
  if (i % 40 === 0) console.log(`step ${i}  loss ${loss.item().toFixed(4)}`);
}

let written = "the quick";
while (written.length < 45) {
  const read = tensor(Int32Array.from(codesOf(written.slice(-LENGTH)))).unsqueeze(0);
  written += letters[noGrad(() => model.eval().forward(read).select(1, -1).argmax(-1)).item()];
}
console.log(written);
