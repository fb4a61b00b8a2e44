/**
 * Lets compile() see when a function reads values to the host or writes them from it: both happen outside the recorded
 * ops. One observer at a time; none in ordinary use.
 */
import type { Storage } from "./storage.js";

export interface Observer {
  /** Before values are copied out. */
  read(storage: Storage): void;
  /** Before values are copied in. */
  write(storage: Storage): void;
}

let observer: Observer | null = null;

/** Installs an observer and returns the one before. */
export function setObserver(next: Observer | null): Observer | null {
  const previous = observer;
  observer = next;
  return previous;
}

/** True while a function is being recorded: checks that read values to the host are to be left out. */
export const isObserved = (): boolean => observer !== null;

export const observeRead = (storage: Storage): void => observer?.read(storage);
export const observeWrite = (storage: Storage): void => observer?.write(storage);
