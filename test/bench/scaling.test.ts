/** Schedules on paper against schedules worked out by hand. */
import { describe, expect, it } from "vitest";
import { predict, stageMs, type TimedCall } from "../../bench/measure/schedule.js";

const one = () => 1;
const call = (name: string, taskMs: readonly number[], onHost = false): TimedCall => ({ name, onHost, taskMs });

describe("a stage on paper", () => {
  it("gives the next task to the thread that is free first", () => {
    // thread 0: 3, 4; thread 1: 1, 1, 2
    expect(stageMs([call("a", [3, 1, 1, 2, 4])], 2, one)).toBe(7);
  });

  it("runs the calls of a stage side by side", () => {
    expect(stageMs([call("a", [4]), call("b", [1, 1, 2])], 2, one)).toBe(4);
  });

  it("claims whole chunks", () => {
    expect(stageMs([call("a", [1, 1, 1, 1])], 2, () => 3)).toBe(3);
  });

  it("leaves host calls to the main thread", () => {
    // thread 0: 1, host 5; thread 1: 1, 1, 1
    expect(stageMs([call("a", [1, 1]), call("host", [5], true), call("b", [1, 1])], 2, one)).toBe(6);
  });
});

describe("a prediction", () => {
  const stages = [[call("wide", [1, 1, 1, 1])], [call("narrow", [2]), call("tiny", [0.5])], []];

  it("is exact on one thread", () => {
    expect(predict(stages, 1, one)).toMatchObject({ stepMs: 6.5, efficiency: 1 });
  });

  it("waits at the end of each stage and names the stage by its dearest call", () => {
    const found = predict(stages, 4, one);
    expect(found.stepMs).toBe(3);
    expect(found.efficiency).toBeCloseTo(6.5 / 12);
    expect(found.losses).toEqual([
      { name: "narrow", share: 5.5 / 12, stages: 1 },
      { name: "wide", share: 0, stages: 1 },
    ]);
  });

  it("does not depend on where idle time is booked: shares and efficiency make one", () => {
    for (const threads of [2, 3, 7, 64]) {
      const { efficiency, losses } = predict(stages, threads, one);
      expect(efficiency + losses.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1);
    }
  });
});
