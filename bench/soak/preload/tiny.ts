/** Makes mobileone_tiny a model of a process of the built package: NODE_OPTIONS=--import=this. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { repositoryRoot } from "../../paths.js";
import { tiny } from "../tiny.js";

if (isMainThread) {
  const entry = pathToFileURL(join(repositoryRoot, "dist", "index.js")).href;
  const { models } = (await import(entry)) as { models: { variants: Record<string, unknown> } };
  models.variants.mobileone_tiny = tiny;
}
