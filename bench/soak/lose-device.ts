/**
 * Trainings whose device is destroyed at random moments: each ends with an error that names itself and the last whole checkpoint, or goes
 * on by itself, and comes to the bits of the training that lost none. Needs a WebGPU device, a software one will do.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getBackend, setBackend } from "../../src/backends/backend.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { variants } from "../../src/models/mobileone/variants.js";
import { Random } from "../../src/tensor/random.js";
import type { Logger } from "../../src/train/loggers/events.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { DeviceLostError } from "../../src/util/errors.js";
import "../../src/index.js";
import { repositoryRoot } from "../paths.js";
import { tiny } from "./tiny.js";

export interface LossOrder {
  readonly trials: number;
  readonly steps: number;
  readonly saveEvery: number;
  readonly seed: number;
  /** An empty folder. */
  readonly folder: string;
  /** performance.now() after which no trial begins. */
  readonly deadline?: number;
}
export interface LossReport {
  readonly trials: number;
  /** Of the software device, or of the card. */
  readonly device: string;
  /** Losses that were told by an error that names the device, and the last whole checkpoint where there was one. */
  readonly clearErrors: number;
  /** Trainings that came to the bits of the undisturbed one. */
  readonly resumes: number;
  readonly failures: readonly string[];
}

/** The devices that are opened, the last one last, with WebGPU as this process has it. */
async function watchDevices(): Promise<GPUDevice[]> {
  const devices: GPUDevice[] = [];
  const { create } = (await import("webgpu")) as unknown as { readonly create: (options: string[]) => GPU };
  const real = create([]);
  const requestAdapter = async (options: GPURequestAdapterOptions) => {
    const adapter = await real.requestAdapter(options);
    if (!adapter) return null;
    const { limits, features, info } = adapter;
    return {
      ...{ limits, features, info },
      async requestDevice(asked: GPUDeviceDescriptor) {
        const device = await adapter.requestDevice(asked);
        devices.push(device);
        return device;
      },
    };
  };
  Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter } }, configurable: true });
  return devices;
}

/** The tensors of the last checkpoint. */
const bitsOf = (out: string): string => {
  const folder = join(out, "checkpoints");
  const last = readdirSync(folder)
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .at(-1)!;
  return readFileSync(join(folder, last)).toString("latin1");
};

export async function lossTrials({ trials, steps, saveEvery, seed, folder, deadline }: LossOrder): Promise<LossReport> {
  const devices = await watchDevices();
  (variants as Record<string, unknown>).mobileone_tiny = tiny;
  const random = new Random(seed);
  const { images } = mobileoneS0Demo;
  const recipe = {
    ...mobileoneS0Demo,
    ...{ model: "mobileone_tiny", epochs: 1, batchSize: 4 },
    images: { ...images, trainSize: 32, switches: [] },
  };
  const open = async (): Promise<void> => {
    await getBackend().dispose?.();
    await setBackend("gpu");
  };
  const run = (out: string, more: Partial<TrainOptions> = {}) =>
    train({
      ...{ recipe, data: join(repositoryRoot, "demo", "fashion-mnist"), out: join(folder, out), seed: 0, workers: 0 },
      ...{ maxSteps: steps, saveEvery, validate: false, loggers: [], backendLabel: "gpu", ...more },
    });
  await open();
  const { device } = getBackend() as { readonly device?: { readonly description: string } };
  await run("undisturbed");
  const wanted = bitsOf(join(folder, "undisturbed"));
  const failures: string[] = [];
  let [done, clearErrors, resumes] = [0, 0, 0];
  for (; done < trials && performance.now() < (deadline ?? Number.POSITIVE_INFINITY); done++) {
    const name = `trial-${done}`;
    const at = 1 + Math.floor(random.uniform() * (steps - 2));
    let isArmed = true;
    const destroys: Logger = {
      onStep({ step, stepMs }) {
        if (step !== at || !isArmed) return;
        isArmed = false;
        setTimeout(() => devices.at(-1)!.destroy(), random.uniform() * stepMs);
      },
    };
    const hear = (error: unknown): void => {
      const text = String(error);
      const [, file] = /; (\S+\.safetensors) is untouched/.exec(text) ?? [];
      const isNamed = at <= saveEvery ? true : file !== undefined && existsSync(file);
      if (error instanceof DeviceLostError && text.includes("the device was lost") && isNamed) clearErrors++;
      else failures.push(`${name}: lost behind step ${at}: ${text}`);
    };
    try {
      if (done % 2 === 0) {
        // by itself
        const onDeviceLost = async (error: DeviceLostError) => {
          hear(error);
          await open();
        };
        await run(name, { loggers: [destroys], onDeviceLost });
      } else {
        await run(name, { loggers: [destroys] }).then(() => failures.push(`${name}: ended without an error`), hear);
        await open();
        const hasOne = existsSync(join(folder, name, "checkpoints"));
        await run(name, hasOne ? { resume: true } : {});
      }
      if (bitsOf(join(folder, name)) === wanted) resumes++;
      else failures.push(`${name}: lost behind step ${at}: other bits`);
      const left = readdirSync(join(folder, name), { recursive: true }).filter((file) =>
        /\.tmp|\.new/.test(String(file)),
      );
      if (left.length > 0) failures.push(`${name}: half-written ${left.join(", ")}`);
    } catch (error) {
      failures.push(`${name}: lost behind step ${at}: ${error instanceof Error ? error.stack : error}`);
      await open();
    }
  }
  await getBackend().dispose?.();
  await setBackend("reference");
  return { trials: done, device: device?.description ?? "", clearErrors, resumes, failures };
}
