import { printable } from "./printable.js";

/**
 * The errors a user can meet. Each says `where: what came, what was expected`, and carries a `hint` with what would work.
 * They are thrown before any work starts; the command line prints them as one line plus the hint, without a stack.
 */
export class TensoroneError extends Error {
  readonly hint: string | undefined;

  /** `message` is one line, or several in their order. Whatever they quote, names from files among it, cannot begin another. */
  constructor(message: string | readonly string[], hint?: string) {
    const shown = [message].flat().map(printable).join("\n");
    const shownHint = hint === undefined ? undefined : printable(hint);
    super(shownHint === undefined ? shown : `${shown}\n  hint: ${shownHint}`);
    this.name = new.target.name;
    this.hint = shownHint;
  }

  /** The message without its hint line. */
  get summary(): string {
    return this.hint === undefined ? this.message : this.message.slice(0, this.message.lastIndexOf("\n  hint: "));
  }
}

/** Shapes or attributes that do not fit together. */
export class ShapeError extends TensoroneError {}
/** A dtype an op or a backend does not take. */
export class DTypeError extends TensoroneError {}
/** An index or a label outside what there is to choose from. */
export class IndexError extends TensoroneError {}
/** A backend that is missing, or tensors of two backends in one op. */
export class BackendError extends TensoroneError {}
/** A device that is gone, by a fault or by its driver: whatever lived there is lost with it. */
export class DeviceLostError extends BackendError {}
/** What a device refuses to do or cannot do: its own text is part of the message. */
export class DeviceError extends BackendError {}
/** The arena or the device is full, a tensor is too large for it, or is used after it was freed. */
export class MemoryError extends TensoroneError {}
/** backward() on something that has no graph, or a gradient that fails its check. */
export class GradientError extends TensoroneError {}
/** A state dict that does not fit its module. */
export class StateDictError extends TensoroneError {}
/** A checkpoint file that is missing, damaged or of another kind. */
export class CheckpointError extends TensoroneError {}
/** The folder of a run that another run has, or that is gone. */
export class RunFolderError extends TensoroneError {}
/** A dataset, folder or image that cannot be used; names the path. */
export class DataError extends TensoroneError {}
/** Processes that train together: a rank that is lost, late or refused; the text says which. */
export class DistributedError extends TensoroneError {}
/** NaN or an infinity where a number has to be: in weights, statistics, outputs or losses. */
export class NonFiniteError extends TensoroneError {}
/** A command line or an option that cannot be understood. */
export class UsageError extends TensoroneError {}
