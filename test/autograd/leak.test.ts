/** A thousand steps of a small network on the wasm backend: live bytes return to the same figure after each. */
import { expect, it } from "vitest";
import { conv2d, getBackend, liveStorage, nn, optim, randn, setBackend, tensor } from "../../src/index.js";

it("keeps live bytes flat over 1,000 steps, without a dispose in sight", async () => {
  await setBackend("wasm", { threads: 2 });
  const w = randn([3, 3, 1, 4], { seed: 1, requiresGrad: true }).keep();
  const gamma = tensor([1, 1, 1, 1], undefined, { requiresGrad: true });
  const beta = tensor([0, 0, 0, 0], undefined, { requiresGrad: true });
  const fc = randn([4, 3], { seed: 2, requiresGrad: true });
  const parameters = new Map([w, gamma, beta, fc].map((tensor, i) => [`p${i}`, { tensor, role: "bias" as const }]));
  const optimizer = new optim.SGD(parameters, { lr: 0.01, momentum: 0.9 });
  const images = randn([4, 6, 6, 1], { seed: 3 });
  const labels = tensor(new Int32Array([0, 1, 2, 0]));
  const { batchNorm, globalAvgPool, scope } = await import("../../src/index.js");
  let at10 = { bytes: 0, storages: 0 };
  let first = 0;
  let last = 0;
  for (let step = 1; step <= 1000; step++) {
    last = scope(() => {
      const x = batchNorm(conv2d(images, w, { padding: 1 }), gamma, beta)[0].relu();
      const loss = nn.crossEntropy(globalAvgPool(x).matmul(fc), labels, { labelSmoothing: 0.1 });
      loss.backward();
      return loss.item();
    });
    optimizer.step();
    optimizer.zeroGrad();
    if (step === 1) first = last;
    if (step === 10) at10 = { ...liveStorage() };
  }
  expect(liveStorage()).toEqual(at10);
  expect(last).toBeLessThan(first);
  expect(getBackend().name).toBe("wasm");
});
