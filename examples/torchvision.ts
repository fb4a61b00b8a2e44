/**
 * Networks that torchvision has too: their size, and an answer. `node torchvision.js vit_tiny weights.pth` loads what
 * `torch.save(model.state_dict(), "weights.pth")` wrote.
 */
import { argv } from "node:process";
import { compile, noGrad, rand, setBackend, type Tensor } from "tensorone";
import { loadCheckpoint } from "tensorone/node";
import { ConvNeXtTiny } from "./convnext-tiny.js";
import { MobileNetV3Small } from "./mobilenet-v3-small.js";
import { VitTiny } from "./vit-tiny.js";

const networks = {
  mobilenet_v3_small: () => new MobileNetV3Small(),
  convnext_tiny: () => new ConvNeXtTiny(),
  vit_tiny: () => new VitTiny(),
};

const [wanted, weights] = argv.slice(2);
await setBackend("wasm");
for (const [name, make] of Object.entries(networks)) {
  if (wanted !== undefined && name !== wanted) continue;
  const model = make().eval();
  if (weights !== undefined) await loadCheckpoint(model, weights);
  const answer = compile((images: Tensor) => noGrad(() => model.forward(images)));
  const count = model.parameters().reduce((sum, { size }) => sum + size, 0);
  const logits = answer(rand([1, 224, 224, 3], { seed: 0 }));
  console.log(`${name}  ${(count / 1e6).toFixed(2)} M parameters  logits [${logits.shape.join(", ")}]`);
  model.dispose();
}
