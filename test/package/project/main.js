/** The entry that bundlers get: a page that trains when it is asked to. */
import { steps } from "./steps.js";

globalThis.steps = steps;
