/**
 * A line through noisy points, by gradient descent on its slope and its height.
 */
import { nn, optim, randn, tensor } from "tensorone";

nn.manualSeed(0);
const x = randn([200, 1]);
const y = x
  .mul(3)
  .sub(1)
  .add(randn([200, 1]).mul(0.1)); // slope 3, height -1

const slope = tensor([[0]], undefined, { dtype: "float32", requiresGrad: true });
const height = tensor([0], undefined, { dtype: "float32", requiresGrad: true });
const optimizer = new optim.SGD([slope, height], { lr: 0.1 });

for (let step = 0; step < 50; step++) {
  const loss = nn.mseLoss(x.matmul(slope).add(height), y).keep();
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  if (step % 10 === 0) console.log(`step ${step}  loss ${loss.item().toFixed(4)}`);
}
console.log(`slope ${slope.item().toFixed(2)}, height ${height.item().toFixed(2)}`);
