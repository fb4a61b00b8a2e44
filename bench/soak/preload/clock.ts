/**
 * Steps of the wall clock: every CALLS_OF_A_STEP readings it jumps by the next of SOAK_CLOCK, milliseconds between commas, from the
 * first again after the last. What has to go on evenly asks performance.now(), which stays as it is.
 */
import { isMainThread } from "node:worker_threads";

const CALLS_OF_A_STEP = 3;
const jumps = (process.env.SOAK_CLOCK ?? "0").split(",").map(Number);
const real = Date.now;

if (isMainThread) {
  let calls = 0;
  let shift = 0;
  Date.now = () => {
    if (++calls % CALLS_OF_A_STEP === 0) shift += jumps[Math.floor(calls / CALLS_OF_A_STEP) % jumps.length]!;
    return real() + shift;
  };
  const Real = Date;
  globalThis.Date = new Proxy(Real, {
    construct: (target, words, newTarget) =>
      Reflect.construct(target, words.length === 0 ? [Date.now()] : words, newTarget) as object,
  });
}
