/**
 * What `#pictures` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file, and leave the
 * decoders and their node: imports out; a tab decodes by itself (picture-in-tab.ts).
 */
export const readPicture = null;
