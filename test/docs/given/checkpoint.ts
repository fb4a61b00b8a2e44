/** A model of a thousand classes, and its weights in the folder of the program as another framework writes them: x.pth. */
import { models } from "../../../src/index.js";
import { saveCheckpoint } from "../../../src/node.js";

export async function given(): Promise<{ readonly model: models.MobileOne }> {
  const model = models.createModel("mobileone_s0", { seed: 1 });
  await saveCheckpoint(model, "x.pth");
  return { model: models.createModel("mobileone_s0", { seed: 2 }) };
}
