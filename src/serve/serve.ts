/** The library's face of the server. */
import { namedModels } from "./names.js";
import { resolveServeOptions, type ServeOptions } from "./options.js";
import { openParts, serveParts } from "./server.js";
import type { Serving } from "./serving.js";

/**
 * Serves models over HTTP: TorchServe's /predictions/NAME and the Open Inference Protocol (version 2) under /v2, with /ping, /models and
 * /metrics. Models are files or run folders, by name or as "NAME=FILE"; training forms are folded at load. Pictures of a batch are
 * computed together; their scores are those of predict. Throws the errors of files, UsageError for options that cannot be meant,
 * BackendError for an address that is taken.
 *
 * @example
 * ```ts
 * import { models, saveModelFile, serve } from "tensorone/node";
 * const model = models.createModel("mobileone_s0", { numClasses: 2 });
 * await saveModelFile("pets.safetensors", model, { classes: ["cat", "dog"], recipe: null });
 * const server = await serve({ pets: "pets.safetensors" }, { port: 0, imageSize: 32 });
 * const response = await fetch(`${server.url}/v2/health/ready`);
 * console.log(response.status); // 200
 * await server.stop();
 * ```
 */
export async function serve(
  models: string | readonly string[] | Readonly<Record<string, string>>,
  options: ServeOptions = {},
): Promise<Serving> {
  const named = namedModels(models);
  const resolved = resolveServeOptions(options);
  return serveParts(resolved, (watch) => openParts(named, resolved, watch));
}
