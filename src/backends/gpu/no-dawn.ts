/**
 * What `#webgpu` stands for outside Node (package.json, imports): nothing. Bundlers for a browser take this file, and with it
 * leave Dawn's binaries and their node: imports out.
 */
export const create = null;
