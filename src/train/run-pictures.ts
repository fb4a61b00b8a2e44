/**
 * The pictures of a run, looked at once as it begins: checkpoints say what they are, and one that goes on has those that it began with.
 * Rank 0 alone, which reads and writes checkpoints.
 */
import type { Dataset } from "../data/sets/sample.js";
import type { CheckpointFolder } from "./checkpoints/checkpoint.js";
import type { CheckpointFile } from "./checkpoints/checkpoint-format.js";
import { DataLists, expectSameData } from "./checkpoints/data-check.js";

export interface RunPicturesOptions {
  /** Go on where they are others. */
  readonly allow: boolean;
  readonly stepsPerEpoch: number;
  readonly notice: (text: string) => void;
}

export class RunPictures {
  readonly #sets: readonly Dataset[];
  readonly #checkpoints: CheckpointFolder;
  readonly #options: RunPicturesOptions;

  constructor(sets: readonly Dataset[], checkpoints: CheckpointFolder, options: RunPicturesOptions) {
    this.#sets = sets;
    this.#checkpoints = checkpoints;
    this.#options = options;
  }

  /** Against the checkpoint at `path`, which the run goes on from. Throws CheckpointError for other pictures. */
  async compare(path: string, { data, progress }: Pick<CheckpointFile, "data" | "progress">): Promise<void> {
    const { allow, stepsPerEpoch, notice } = this.#options;
    const lists = await DataLists.of(this.#sets, data);
    const changed = await expectSameData(path, data, lists, allow);
    if (changed !== null) notice(changed);
    const { stepsPerEpoch: former = stepsPerEpoch } = progress;
    if (changed !== null && former !== stepsPerEpoch)
      notice(
        `an epoch had ${former} steps and has ${stepsPerEpoch}: steps done stay done, epochs are counted anew from them`,
      );
    this.#checkpoints.keepData(lists);
  }

  /** Of a run that begins, or goes on from a checkpoint that says nothing of its pictures. */
  async look(): Promise<void> {
    if (!this.#checkpoints.hasData) this.#checkpoints.keepData(await DataLists.of(this.#sets));
  }
}
