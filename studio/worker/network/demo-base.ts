/** What is said of the base that comes with the studio, before its weights are asked for. */
import type { BaseInfo } from "../../protocol.js";

export const demoBase: BaseInfo = {
  name: "demo",
  model: "mobileone_s0",
  imageSize: 64,
  note: "Has learnt 28-pixel pictures of clothes, with which this package comes: a beginning, no more.",
};
