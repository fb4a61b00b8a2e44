/** Cyclic redundancy checks of 32 bits, a byte at a time by a table; polynomials with their bits reversed. */

type Table = Uint32Array;

const tableOf = (polynomial: number): Table =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });

function check(table: Table, bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const ofZip = tableOf(0xedb88320);
const castagnoli = tableOf(0x82f63b78);

/** CRC-32 of ZIP (ITU-T V.42: polynomial 0x04C11DB7). */
export const crc32 = (bytes: Uint8Array): number => check(ofZip, bytes);

/** CRC-32C of TFRecord files (RFC 3720, 12.1: Castagnoli's polynomial 0x1EDC6F41). */
export const crc32c = (bytes: Uint8Array): number => check(castagnoli, bytes);
