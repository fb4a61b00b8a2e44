/**
 * ONNX Runtime's WebAssembly behind the same server: an EngineModule (src/serve/engine.ts) for the file that `export` writes of the same
 * model, so that decoding, batching and HTTP are equal and only who multiplies differs.
 */
import { readFileSync } from "node:fs";
import { setBackend } from "../src/backends/backend.js";
import { imagenetMean, imagenetStd } from "../src/data/transforms/normalize.js";
import type { EngineModule, EngineOptions, OpenEngine } from "../src/serve/engine.js";
import type { Square } from "../src/serve/squares.js";
import { loadModel } from "../src/train/checkpoints/run-weights.js";
import { imageSizes } from "../src/train/recipes/image-sizes.js";

/** What of the package is used; its types are installed for nobody else. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: object): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
    }>;
  };
  readonly Tensor: new (dtype: string, data: Float32Array, shape: readonly number[]) => object;
}

/** Planes of a picture, normalised: bytes [H, W, 3] -> floats [3, H, W] at `at`. */
function intoPlanes(square: Square, into: Float32Array, at: number): void {
  const count = square.length / 3;
  for (let i = 0; i < square.length; i++) {
    const channel = i % 3;
    into[at + channel * count + (i - channel) / 3] = (square[i]! - imagenetMean[channel]!) / imagenetStd[channel]!;
  }
}

/** The .onnx file lies beside the model's, under the same name. */
export const openEngine: EngineModule["openEngine"] = async ({
  models,
  threads = 1,
}: EngineOptions): Promise<OpenEngine> => {
  const ort = (await import("onnxruntime-web" as string)) as Runtime;
  ort.env.wasm.numThreads = threads;
  const [{ name, path }] = models as [EngineOptions["models"][number]];
  // for what the file says of itself; nothing is computed on it
  await setBackend("reference");
  const loaded = await loadModel(path, {});
  const { info } = loaded;
  const { imageSize, resizeSize } = imageSizes(info.model, info.images, undefined);
  loaded.model.dispose();
  const bytes = readFileSync(path.replace(/safetensors$/, "onnx"));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const { numClasses } = info;
  return {
    label: `onnxruntime-web x${threads}`,
    models: [
      {
        ...{ name, path, model: info.model, numClasses, classes: loaded.classes, imageSize, resizeSize },
        certificate: null,
      },
    ],
    async infer(_, squares) {
      const size = 3 * imageSize * imageSize;
      const planes = new Float32Array(squares.length * size);
      for (const [i, square] of squares.entries()) intoPlanes(square, planes, i * size);
      const input = new ort.Tensor("float32", planes, [squares.length, 3, imageSize, imageSize]);
      const outputs = await session.run({ [session.inputNames[0]!]: input });
      return Float32Array.from(outputs[session.outputNames[0]!]!.data);
    },
  };
};
