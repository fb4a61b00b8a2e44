/**
 * ONNX Runtime as a second opinion on an exported file: whichever of its packages is installed beside us, or none. Nothing
 * here is needed to export.
 */
const packages = ["onnxruntime-node", "onnxruntime-web"] as const;

/** The part of ONNX Runtime's face that both packages share. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number }; readonly versions: { readonly common: string } };
  readonly InferenceSession: { create(bytes: Uint8Array): Promise<Session> };
  readonly Tensor: new (type: string, data: Float32Array | Uint8Array, shape: readonly number[]) => RuntimeTensor;
}
interface RuntimeTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}
interface Session {
  run(feeds: { readonly [name: string]: RuntimeTensor }): Promise<{ readonly [name: string]: RuntimeTensor }>;
  release(): Promise<void>;
}

/** What a runtime answered. */
export interface RuntimeAnswer {
  /** Package and version. */
  readonly runtime: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

const isMissing = (error: unknown): boolean =>
  ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes((error as NodeJS.ErrnoException).code ?? "");

async function installed(): Promise<{ name: string; runtime: Runtime } | null> {
  for (const name of packages) {
    try {
      return { name, runtime: (await import(name)) as Runtime };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return null;
}

/** Pictures as files want them: [N, H, W, C] -> [N, C, H, W]. */
export function channelsFirst(
  pixels: Float32Array,
  [, height, width, channels]: readonly [n: number, h: number, w: number, c: number],
): Float32Array {
  const area = height * width;
  return pixels.map((_, i) => {
    const [n, c, at] = [Math.floor(i / (channels * area)), Math.floor(i / area) % channels, i % area];
    return pixels[(n * area + at) * channels + c]!;
  });
}

/** Runs the file on one input; null where no runtime is installed. Throws the runtime's error for a file it refuses. */
export async function runInOnnxRuntime(
  file: Uint8Array,
  input: { readonly name: string; readonly data: Float32Array | Uint8Array; readonly shape: readonly number[] },
  output: string,
): Promise<RuntimeAnswer | null> {
  const found = await installed();
  if (!found) return null;
  const { name, runtime } = found;
  // worker threads would outlive us, and a small batch needs none
  runtime.env.wasm.numThreads = 1;
  const session = await runtime.InferenceSession.create(file);
  const feeds = {
    [input.name]: new runtime.Tensor(input.data instanceof Uint8Array ? "uint8" : "float32", input.data, input.shape),
  };
  const { dims, data } = (await session.run(feeds))[output]!;
  await session.release();
  return { runtime: `${name} ${runtime.env.versions.common}`, shape: dims, values: data };
}
