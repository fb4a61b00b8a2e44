/** train() of any module by a family's recipe takes the steps of a run of the command line: the same losses, bit for bit. */
import { beforeAll, expect, it } from "vitest";
import { normalize } from "../../src/data/transforms/normalize.js";
import {
  familyRecipe,
  finetuneRecipe,
  models,
  planRecipe,
  setBackend,
  type Tensor,
  tensor,
  train,
} from "../../src/index.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { madeBatch } from "./made-batch.js";

beforeAll(async () => void (await setBackend("wasm")));

it("has the losses of a session", async () => {
  const planned = planRecipe({ ...finetuneRecipe("mobileone_s0", { pictures: 8 }), epochs: 2 }, 2);
  const batches = [0, 1, 2, 3].map((seed) => madeBatch(10, 0, seed));
  const session = new Session(planned, models.createModel("mobileone_s0", { numClasses: 10, seed: 1 }), 2);
  const update = new WholeUpdate(session);
  const wanted = batches.map((batch) => update.run(batch).loss);
  const model = models.createModel("mobileone_s0", { numClasses: 10, seed: 1 });
  const { recipe } = familyRecipe(planned, model, 2);
  const got: number[] = [];
  await train({
    model,
    recipe,
    data: {
      train: (epoch) =>
        batches.slice(2 * epoch, 2 * epoch + 2).map(({ images, labels, size, height, width }) => {
          const squares = Array.from({ length: size }, (_, i) => ({
            ...{ width, height, channels: 3 as const },
            data: images.slice(i * width * height * 3, (i + 1) * width * height * 3),
          }));
          return [normalize(squares), tensor(labels)] as const;
        }),
    },
    batchOf: ([x, y]: readonly [Tensor, Tensor]) => [x, y],
    callbacks: { onStep: ({ loss }) => void got.push(loss) },
  });
  expect(got).toEqual(wanted);
});
