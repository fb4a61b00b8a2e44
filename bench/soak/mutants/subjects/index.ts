/** Every kind of file that is read here. A new one is a row of one of these tables. */
import { dataSubjects } from "./data-sets.js";
import { pictureSubjects } from "./pictures.js";
import { runSubjects } from "./run-files.js";
import type { Subject } from "./subject.js";
import { weightSubjects } from "./weights.js";

export const subjects: { readonly [name: string]: Subject } = {
  ...weightSubjects,
  ...runSubjects,
  ...dataSubjects,
  ...pictureSubjects,
};
