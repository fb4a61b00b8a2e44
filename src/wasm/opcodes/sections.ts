/** Sections of a module, kinds of what it imports and exports, flags before the limits of a memory. See ../opcodes.ts. */
export const CUSTOM = 0;
export const TYPE = 1;
export const IMPORT = 2;
export const FUNCTION = 3;
export const EXPORT = 7;
export const CODE = 10;

export const EXTERNAL_FUNCTION = 0;
export const EXTERNAL_MEMORY = 2;
export const EXTERNAL_GLOBAL = 3;

export const WITH_MAXIMUM = 1;
export const SHARED_WITH_MAXIMUM = 3;
