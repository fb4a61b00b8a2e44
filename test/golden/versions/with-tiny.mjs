/**
 * The command line of a built checkout with one more model, mobileone_tiny: S0's structure at widths that make a whole
 * training checkpoint 110 kB. `node with-tiny.mjs CHECKOUT COMMAND …`; imported, only the model.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

export const tiny = {
  widths: [1 / 16, 1 / 16, 1 / 32, 1 / 32],
  numConvBranches: 4,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};

if (process.argv[1] === import.meta.filename) {
  const [checkout, ...words] = process.argv.slice(2);
  const file = (path) => pathToFileURL(resolve(checkout, "dist", path));
  const { models } = await import(file("index.js"));
  models.variants.mobileone_tiny = tiny;
  const main = file("cli/main.js");
  process.argv = [process.argv[0], main.pathname, ...words];
  await import(main);
}
