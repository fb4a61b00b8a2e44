/**
 * Results of asynchronous work in order, with work on later ones already begun.
 */

/**
 * The results of start(0) to start(count − 1), in order; `most` of them are in work at a time, the one waited for included.
 * A rejection is thrown at its turn; what was begun after it is left to itself.
 */
export async function* lookAhead<T>(
  count: number,
  most: number,
  start: (index: number) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const pending: Promise<T>[] = [];
  let started = 0;
  for (let turn = 0; turn < count; turn++) {
    for (; started < count && pending.length < most; started++) {
      const result = start(started);
      // no rejection is unhandled while an earlier result is waited for
      result.catch(() => {});
      pending.push(result);
    }
    yield await pending.shift()!;
  }
}
