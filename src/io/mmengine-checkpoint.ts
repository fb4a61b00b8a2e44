/**
 * mmengine's training checkpoints, epoch_N.pth: averaged weights in `state_dict`, raw ones in `ema_state_dict`, the
 * optimiser's tensors in `optimizer`, counters in `meta` (mmengine 0.8: runner.py save_checkpoint, hooks/ema_hook.py). Read
 * into a state that knows neither file nor framework, and written from one.
 */

import { sameShape, showShape } from "../tensor/shape.js";
import { CheckpointError } from "../util/errors.js";
import type { Metadata, StoredTensor } from "./safetensors.js";
import {
  encodeTorchFile,
  kindOf,
  lookUp,
  StateDict,
  TensorReader,
  TorchTensor,
  type Writable,
} from "./torch-checkpoint/index.js";
import { metaOf, stateDictEntries } from "./weights-file.js";
import { unwrapEntries } from "./wrappers.js";

type Entries = ReadonlyMap<string, StoredTensor>;

/** Everything a run needs to go on; names are mmpretrain's, layouts PyTorch's. */
export interface TrainingState {
  /** Parameters and buffers that are trained. */
  readonly raw: Entries;
  /** Their moving averages, and after how many updates. */
  readonly averages: Entries;
  readonly averageSteps: number;
  /**
   * What torch.optim keeps, under its keys in camelCase (momentumBuffer, expAvg, step), then by the names of the parameters;
   * empty before the first step.
   */
  readonly optimizer: ReadonlyMap<string, Entries>;
  /** Steps and whole epochs done. */
  readonly step: number;
  readonly epoch: number;
  readonly seed: number | null;
  readonly classes: readonly string[] | null;
}

/** Buffers of a batch norm; all other entries of a state dict are parameters. */
const BUFFER = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** A value of a pickle, which may be of any depth. */
const shown = (value: unknown): string => (typeof value === "number" ? String(value) : kindOf(value));
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
  const averages = unwrapEntries(stateDictEntries(lookUp(object, "state_dict"), reader, where)).entries;
  const { raw, averageSteps } = readRaw(object, averages, reader, where);
  const [step, epoch, seed] = ["iter", "epoch", "seed"].map((name) => lookUp(object, "meta", name));
  if (!isCount(step) || !isCount(epoch))
    throw new CheckpointError(
      `${where}: its meta says iter ${shown(step)}, epoch ${shown(epoch)}, expected two counts`,
    );
  const classes = lookUp(object, "meta", "dataset_meta", "classes");
  return {
    raw,
    averages,
    averageSteps,
    optimizer: readOptimizer(object, raw, reader, where),
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
    throw new CheckpointError(`${where}: ema_state_dict.steps is ${shown(averageSteps)}, expected a count`);
  return { raw: unwrapEntries(stateDictEntries(rest, reader, where)).entries, averageSteps };
}

/**
 * State i belongs to the i-th parameter of all groups together; with mmengine's paramwise_cfg each parameter is a group of
 * its own, in the order of the model (runner/.../default_constructor.py add_params).
 */
function readOptimizer(
  object: unknown,
  raw: Entries,
  reader: TensorReader,
  where: string,
): ReadonlyMap<string, Entries> {
  const groups = lookUp(object, "optimizer", "param_groups");
  const state = lookUp(object, "optimizer", "state");
  const parameters = [...raw].filter(([name]) => !BUFFER.test(name));
  // counted before they are put together: any number of groups may refer to one list
  const lists = (Array.isArray(groups) ? groups : []).map((group) => lookUp(group, "params"));
  const count = lists.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
  if (count !== parameters.length || !(state instanceof Map))
    throw new CheckpointError(
      `${where}: its optimizer has ${count} parameters, its weights ${parameters.length}`,
      "only the optimizer that trained these weights can go on with them",
    );
  const indices = lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const slots = new Map<string, Map<string, StoredTensor>>();
  parameters.forEach(([name, { shape }], i) => {
    const own = state.get(indices[i]);
    for (const [key, value] of own instanceof Map ? own : []) {
      const isStep = key === STEP;
      // an absent buffer is None
      if (!isStep && !(value instanceof TorchTensor)) continue;
      if (!isStep && !sameShape(value.shape, shape))
        throw new CheckpointError(
          `${where}: the ${key} of parameter ${i} is ${showShape(value.shape)}, expected ${showShape(shape)} of ${name}`,
          "parameters are expected in the order of the model, as mmengine's paramwise_cfg groups them",
        );
      if (typeof key !== "string")
        throw new CheckpointError(`${where}: the state of parameter ${i} has ${kindOf(key)} for a name`);
      const slot = camelCase(key);
      const entry = isStep ? readStep(value, name, reader, where) : reader.read(`${key} of ${name}`, value);
      slots.set(slot, (slots.get(slot) ?? new Map<string, StoredTensor>()).set(name, entry));
    }
  });
  return slots;
}

/** torch.optim's key for how many updates a parameter has had: a float32 scalar since PyTorch 1.12, a number before. */
const STEP = "step";

const storedCount = (count: number): StoredTensor => ({ shape: [], values: Int32Array.of(count), code: "I64" });

function readStep(value: unknown, name: string, reader: TensorReader, where: string): StoredTensor {
  const count = value instanceof TorchTensor ? reader.read(`step of ${name}`, value).values[0] : value;
  if (!isCount(count)) throw new CheckpointError(`${where}: the step of ${name} is ${shown(count)}, expected a count`);
  return storedCount(count);
}

const camelCase = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options of a parameter's group: torch.optim's, and what schedules started from, in camelCase. */
export interface OptimizerNumbers {
  readonly lr: number;
  readonly initialLr: number;
  readonly weightDecay: number;
  readonly initialWeightDecay: number;
  readonly [option: string]: number | boolean | readonly number[];
}

/** What mmengine's schedulers count: how often they moved at all, and how often within their range. */
export interface SchedulerCounts {
  readonly globalStep: number;
  readonly lastStep: number;
}

/** What a checkpoint for mmengine says of the optimiser beside its state. */
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
  const { raw, averages, averageSteps, optimizer, step, epoch, seed } = state;
  const parameters = [...raw.keys()].filter((name) => !BUFFER.test(name));
  const groups = parameters.map((name, i): Writable => {
    const options = Object.entries(numbersOf(name)).map(([option, value]) => [snakeCase(option), value]);
    return { ...Object.fromEntries(options), params: [i] };
  });
  const slots = parameters.flatMap((name, i): [number, Writable][] => {
    const own = [...optimizer].flatMap(([slot, entries]): [string, StoredTensor][] => {
      const entry = entries.get(name);
      return entry ? [[snakeCase(slot), slot === STEP ? torchStep(entry) : entry]] : [];
    });
    return own.length > 0 ? [[i, Object.fromEntries(own)]] : [];
  });
  return encodeTorchFile({
    meta: { epoch, iter: step, ...(seed !== null && { seed }), ...metaOf(metadata) },
    state_dict: new StateDict(averages),
    ema_state_dict: new StateDict(
      new Map([
        ["steps", storedCount(averageSteps)],
        ...[...raw].map(([name, entry]) => [`module.${name}`, entry] as const),
      ]),
    ),
    optimizer: { state: new Map(slots), param_groups: groups },
    param_schedulers: schedulers.map(({ globalStep, lastStep }) => ({ _global_step: globalStep, last_step: lastStep })),
    message_hub: { log_scalars: {}, runtime_info: { epoch, iter: step }, resumed_keys: {} },
  });
}

const torchStep = ({ values }: StoredTensor): StoredTensor => ({
  shape: [],
  values: Float32Array.of(Number(values[0])),
});
