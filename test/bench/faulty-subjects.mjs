/** Readers with every fault that the campaign of mutated files has to notice. */
const faulty = (read) => ({ words: [], prepare: async () => ({ seeds: [new Uint8Array(8)], read }) });

export const subjects = {
  hang: faulty(() => {
    for (;;);
  }),
  abort: faulty(() => process.abort()),
  memory: faulty(() => new Uint8Array(1.1e9).fill(1).length),
  raw: faulty((bytes) => bytes.nothing.length),
  // a promise that nobody waits for
  unhandled: faulty(() => void Promise.reject(new Error("out of sight"))),
  sound: faulty(() => "taken"),
};
