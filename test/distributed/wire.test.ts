/** What comes between ranks: floods at the meeting point, damage on the way, an address that is wrong, too few open files. */
import { describe, expect, it } from "vitest";
import { floodRendezvous } from "../../bench/soak/flood-rendezvous.js";
import { wireFaultKinds, wireFaults } from "../../bench/soak/wire-faults.js";

describe("a flood at the meeting point", () => {
  it.each([
    ["with room for all", {}],
    ["with room for an eighth", { mostUnproved: 16 }],
  ])("keeps no honest rank out, %s", async (_, room) => {
    const outcome = await floodRendezvous({ honest: 64, strangers: 64, ...room });
    expect(outcome).toMatchObject({ met: 64, problems: [] });
    const isShed = "mostUnproved" in room;
    expect(outcome.shownOut > 0).toBe(isShed);
    expect(outcome.notices).toEqual(isShed ? [expect.stringMatching(/^more than 16 connections at once/)] : []);
  });
});

describe("a proxy that damages what ranks say", () => {
  it("is noticed within the step, with the peer's name, and gives no wrong sum", async () => {
    // so many that each kind meets every head, part and sum
    const outcome = await wireFaults({ trials: 24, seed: 1 });
    expect(outcome.failures).toEqual([]);
    expect(Object.keys(outcome.tried)).toEqual([...wireFaultKinds]);
  });
});
