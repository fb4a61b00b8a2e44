/** Whose names a file gets: the option of every command that writes weights for others. */
import { keyStyles } from "../io/index.js";
import { choice } from "./options.js";

export const keysOption = choice(keyStyles, { help: "whose names the entries of OUT get", default: "mmpretrain" });
