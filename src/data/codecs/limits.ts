/** What every codec here holds a file to before it decodes, and the advice it gives about files that fall short. */

/** Largest picture in pixels; ImageNet's largest has 61 million. */
export const MAX_PIXELS = 100e6;

/** What helps against a file that ends early or contradicts itself. */
export const DAMAGED_HINT = "the file is truncated or damaged; replace it, or remove it from the data set";

/** What helps against a picture that is too large. */
export const SIZE_HINT = "make the picture smaller before it goes into the data set";
