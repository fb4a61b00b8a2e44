/** The names of MobileOne's variants. */
import { variants } from "../../src/models/index.js";

export const mobileones = Object.keys(variants) as (keyof typeof variants)[];
