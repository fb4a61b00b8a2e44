/**
 * mmengine's training checkpoints, epoch_N.pth: averaged weights in `state_dict`, raw ones in `ema_state_dict`, momentum in
 * `optimizer`, counters in `meta` (mmengine 0.8: runner.py save_checkpoint, hooks/ema_hook.py). Read into a state that
 * knows neither file nor framework, and written from one.
 */

import { sameShape, showShape } from "../tensor/shape.js";
import { CheckpointError } from "../util/errors.js";
import type { Metadata, StoredTensor } from "./safetensors.js";
import {
  encodeTorchFile,
  lookUp,
  StateDict,
  TensorReader,
  TorchTensor,
  type Writable,
} from "./torch-checkpoint/index.js";
import { metaOf, stateDictEntries } from "./weights-file.js";

type Entries = ReadonlyMap<string, StoredTensor>;

/** Everything a run needs to go on; names are mmpretrain's, layouts PyTorch's. */
export interface TrainingState {
  /** Parameters and buffers that are trained. */
  readonly raw: Entries;
  /** Their moving averages, and after how many updates. */
  readonly averages: Entries;
  readonly averageSteps: number;
  /** Momentum buffers by the names of their parameters; empty before the first step. */
  readonly momentum: Entries;
  /** Steps and whole epochs done. */
  readonly step: number;
  readonly epoch: number;
  readonly seed: number | null;
  readonly classes: readonly string[] | null;
}

/** Buffers of a batch norm; all other entries of a state dict are parameters. */
const BUFFER = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Whether the object in a file of torch.save is a training checkpoint, and not weights alone. */
export const isMmengineCheckpoint = (object: unknown): boolean =>
  lookUp(object, "optimizer", "param_groups") !== undefined && lookUp(object, "state_dict") instanceof Map;

/** The state in `object`, what a file of `fileBytes` bytes held. Throws CheckpointError naming what is missing or does not fit. */
export function readMmengineCheckpoint(object: unknown, fileBytes: number, where: string): TrainingState {
  if (!isMmengineCheckpoint(object))
    throw new CheckpointError(
      `${where}: has no optimizer and state_dict, expected a training checkpoint such as epoch_10.pth`,
      "weights alone start a new run: --init",
    );
  const reader = new TensorReader(fileBytes, where);
  const averages = stateDictEntries(lookUp(object, "state_dict"), reader, where);
  const { raw, averageSteps } = readRaw(object, averages, reader, where);
  const [step, epoch, seed] = ["iter", "epoch", "seed"].map((name) => lookUp(object, "meta", name));
  if (!isCount(step) || !isCount(epoch))
    throw new CheckpointError(`${where}: its meta says iter ${step}, epoch ${epoch}, expected two counts`);
  const classes = lookUp(object, "meta", "dataset_meta", "classes");
  return {
    raw,
    averages,
    averageSteps,
    momentum: readMomentum(object, raw, reader, where),
    step,
    epoch,
    seed: isCount(seed) ? seed : null,
    classes: Array.isArray(classes) && classes.every((name) => typeof name === "string") ? classes : null,
  };
}

/** Without an EMA hook the weights in `state_dict` are the raw ones. */
function readRaw(
  object: unknown,
  averages: Entries,
  reader: TensorReader,
  where: string,
): { raw: Entries; averageSteps: number } {
  const state = lookUp(object, "ema_state_dict");
  if (!(state instanceof Map)) return { raw: averages, averageSteps: 0 };
  const steps = state.get("steps");
  const rest = new Map([...state].filter(([name]) => name !== "steps"));
  const averageSteps = steps instanceof TorchTensor ? reader.read("ema_state_dict.steps", steps).values[0] : steps;
  if (!isCount(averageSteps))
    throw new CheckpointError(`${where}: ema_state_dict.steps is ${averageSteps}, expected a count`);
  return { raw: stateDictEntries(rest, reader, where), averageSteps };
}

/**
 * State i belongs to the i-th parameter of all groups together; with mmengine's paramwise_cfg each parameter is a group of
 * its own, in the order of the model (runner/.../default_constructor.py add_params).
 */
function readMomentum(object: unknown, raw: Entries, reader: TensorReader, where: string): Entries {
  const groups = lookUp(object, "optimizer", "param_groups");
  const state = lookUp(object, "optimizer", "state");
  const indices = (Array.isArray(groups) ? groups : []).flatMap((group) => lookUp(group, "params") as unknown[]);
  const parameters = [...raw].filter(([name]) => !BUFFER.test(name));
  if (indices.length !== parameters.length || !(state instanceof Map))
    throw new CheckpointError(
      `${where}: its optimizer has ${indices.length} parameters, its weights ${parameters.length}`,
      "only the optimizer that trained these weights can go on with them",
    );
  const momentum = new Map<string, StoredTensor>();
  parameters.forEach(([name, { shape }], i) => {
    const buffer = lookUp(state.get(indices[i]), "momentum_buffer");
    if (!(buffer instanceof TorchTensor)) return;
    if (!sameShape(buffer.shape, shape))
      throw new CheckpointError(
        `${where}: the momentum of parameter ${i} is ${showShape(buffer.shape)}, expected ${showShape(shape)} of ${name}`,
        "parameters are expected in the order of the model, as mmengine's paramwise_cfg groups them",
      );
    momentum.set(name, reader.read(`momentum of ${name}`, buffer));
  });
  return momentum;
}

/** One number for each parameter's group, as torch.optim.SGD writes them. */
export interface OptimizerNumbers {
  readonly lr: number;
  readonly initialLr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly initialWeightDecay: number;
}

/** What mmengine's schedulers count: how often they moved at all, and how often within their range. */
export interface SchedulerCounts {
  readonly globalStep: number;
  readonly lastStep: number;
}

export interface OptimizerDescription {
  /** The options of the group of a parameter. */
  readonly numbersOf: (parameter: string) => OptimizerNumbers;
  /** In the order of the config's param_scheduler. Default none, which leaves schedulers where they start. */
  readonly schedulers?: readonly SchedulerCounts[];
}

/** A checkpoint that mmengine's Runner resumes. */
export function encodeMmengineCheckpoint(
  state: TrainingState,
  metadata: Metadata,
  { numbersOf, schedulers = [] }: OptimizerDescription,
): Uint8Array {
  const { raw, averages, averageSteps, momentum, step, epoch, seed } = state;
  const parameters = [...raw.keys()].filter((name) => !BUFFER.test(name));
  const groups = parameters.map((name, i): Writable => {
    const { lr, initialLr, weightDecay, initialWeightDecay, ...same } = numbersOf(name);
    return {
      ...same,
      lr,
      weight_decay: weightDecay,
      initial_lr: initialLr,
      initial_weight_decay: initialWeightDecay,
      params: [i],
    };
  });
  const buffers = parameters.flatMap((name, i): [number, Writable][] => {
    const buffer = momentum.get(name);
    return buffer ? [[i, { momentum_buffer: buffer }]] : [];
  });
  const steps: StoredTensor = { shape: [], values: Int32Array.of(averageSteps), code: "I64" };
  return encodeTorchFile({
    meta: { epoch, iter: step, ...(seed !== null && { seed }), ...metaOf(metadata) },
    state_dict: new StateDict(averages),
    ema_state_dict: new StateDict(
      new Map([["steps", steps], ...[...raw].map(([name, entry]) => [`module.${name}`, entry] as const)]),
    ),
    optimizer: { state: new Map(buffers), param_groups: groups },
    param_schedulers: schedulers.map(({ globalStep, lastStep }) => ({ _global_step: globalStep, last_step: lastStep })),
    message_hub: { log_scalars: {}, runtime_info: { epoch, iter: step }, resumed_keys: {} },
  });
}
