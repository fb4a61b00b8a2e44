/** Lets the event loop run once: messages of data workers, signals, sockets. A step keeps it busy otherwise. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
