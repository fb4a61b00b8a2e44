/** What reader and writer of ZIP archives (PKWARE APPNOTE 6.3) both know: signatures and sizes of the fixed parts of headers. */
export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
/** In a 32-bit field: look into the ZIP64 record. */
export const SEE_ZIP64 = 0xffffffff;
export const STORED = 0;

/** Whether bytes begin as a ZIP archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL;
