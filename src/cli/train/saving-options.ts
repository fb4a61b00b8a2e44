/**
 * Options that say how often a run is saved.
 */
import { paceOf, SAVE_EVERY } from "../../train/recipes/save-every.js";
import { integer, type Option } from "../options.js";

const saveEvery: Option<string> = {
  form: "value",
  placeholder: "N",
  help: "save within an epoch, after so many steps or a time such as 10m, 45s or 1h, so that a killed run loses no more; 0: only after epochs",
  expected: "a number of steps such as 500, a time such as 10m, 45s or 1h, or 0",
  example: "500",
  fallback: SAVE_EVERY,
  read(value, where) {
    paceOf(value, where);
    return value;
  },
};

export const savingOptions = {
  keep: integer({ help: "checkpoints to keep, the newest", default: 3 }),
  saveEvery,
};
