/** Which pictures of the studio are kept for validation. */
import { describe, expect, it } from "vitest";
import { assignSides, type Splittable } from "../../studio/worker/pictures/split.js";

const picture = (id: number, own: number | null, group = id, side: Splittable["side"] = null): Splittable => ({
  ...{ id, class: own, group, side },
});

const sidesOf = (pictures: readonly Splittable[]): string =>
  [...assignSides(pictures).values()].map((side) => side?.[0] ?? "-").join("");

describe("sides of pictures", () => {
  it("keep a fifth of each class, from its third picture on", () => {
    expect(sidesOf(Array.from({ length: 10 }, (_, i) => picture(i + 1, 0)))).toBe("ttvttttvtt");
    expect(sidesOf([picture(1, 0), picture(2, 1), picture(3, 0), picture(4, 1)])).toBe("tttt");
  });

  it("are one for all of a group, and none without a class", () => {
    expect(sidesOf([picture(1, 0), picture(2, 0), picture(3, 0, 3), picture(4, 0, 3), picture(5, null, 3)])).toBe(
      "ttvv-",
    );
  });

  it("stay when pictures come, go or change their class", () => {
    const first = Array.from({ length: 8 }, (_, i) => picture(i + 1, 0));
    const sides = assignSides(first);
    const given = first.map((one) => ({ ...one, side: sides.get(one.id)! }));
    const without = given.filter(({ id }) => id !== 1 && id !== 3);
    for (const [id, side] of assignSides([...without, picture(9, 0), picture(10, 1)]))
      if (id < 9) expect(side).toBe(sides.get(id));
  });

  it("follow the first of a group where two groups become one", () => {
    expect(sidesOf([picture(1, 0, 1, "train"), picture(2, 0, 1, "val")])).toBe("tt");
  });
});
