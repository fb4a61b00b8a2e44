/** The advice that codecs give about files that fall short; what a file may cost is util/budget.ts's. */

/** What helps against a file that ends early or contradicts itself. */
export const DAMAGED_HINT = "the file is truncated or damaged; replace it, or remove it from the data set";

/** What helps against a picture that is too large. */
export const SIZE_HINT = "make the picture smaller before it goes into the data set";
