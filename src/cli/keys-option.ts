/** Whose names a file gets: the option of every command that writes weights for others. */
import { keyStyles } from "../models/files/index.js";
import { optionalChoice } from "./options.js";

export const keysOption = optionalChoice(keyStyles, {
  help: "whose names the entries of OUT get, of those who name the model's; default: the model's own, which for MobileOne are mmpretrain's",
  placeholder: "NAME",
});
