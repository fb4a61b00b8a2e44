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

/** The end record is last but for a comment of at most 64 KiB. */
const LARGEST_COMMENT = 0xffff;

/** Where the end record is in the last bytes of a file; -1 for nowhere. */
export function findEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - END_BYTES;
  for (let at = last; at >= Math.max(0, last - LARGEST_COMMENT); at--) if (view.getUint32(at, true) === END) return at;
  return -1;
}

/** Whether bytes begin as a ZIP archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL;
