/**
 * What a tensor holds of a storage, apart from the tensor: the garbage collector returns it when the tensor is unreachable.
 */
import { noteTurn } from "./collector-hint.js";
import type { Storage } from "./storage.js";

/** One reference to a storage that can be dropped once. */
export class Handle {
  constructor(readonly storage: Storage) {}
  isReleased = false;
  /** Set while reachable tensors are marked. */
  isMarked = false;
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    large.delete(this);
    this.storage.release();
  }
  /** Takes a release back, while the storage still has its memory. */
  restore(): void {
    this.isReleased = false;
    this.storage.retain();
  }
}

/** Handles whose memory is worth a search. */
export const large = new Set<Handle>();

/** Returns storages of handles that became unreachable. */
export const collected = new FinalizationRegistry<Handle>((handle) => {
  noteTurn();
  handle.release();
});
