/** A page knows by this header that /api is there: to ask for what is not leaves an error in the console of a static site. */
export const STUDIO_HEADER = "Tensorone-Studio";
