/**
 * What kind of file some bytes are, told by content: ImageNet holds a PNG named .JPEG, so names decide nothing.
 * Formats that cannot be decoded here are still recognised, for a better error.
 */

/** Formats recognised by their first bytes. */
export type ImageFormat = "jpeg" | "png" | "bmp" | "gif" | "tiff" | "webp" | "avif" | "pnm";

const signatures: readonly { readonly format: ImageFormat; readonly bytes: readonly number[]; readonly at?: number }[] =
  [
    { format: "jpeg", bytes: [0xff, 0xd8, 0xff] },
    { format: "png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
    { format: "bmp", bytes: [0x42, 0x4d] },
    { format: "gif", bytes: [0x47, 0x49, 0x46, 0x38] },
    { format: "tiff", bytes: [0x49, 0x49, 0x2a, 0x00] },
    { format: "tiff", bytes: [0x4d, 0x4d, 0x00, 0x2a] },
    { format: "webp", bytes: [0x57, 0x45, 0x42, 0x50], at: 8 },
    { format: "avif", bytes: [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66], at: 4 },
    { format: "pnm", bytes: [0x50, 0x35, 0x0a] },
    { format: "pnm", bytes: [0x50, 0x36, 0x0a] },
  ];

/** The format of a file's bytes, or undefined if it is none of the known ones. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  const found = signatures.find(({ bytes: magic, at = 0 }) => magic.every((byte, i) => bytes[at + i] === byte));
  return found?.format;
}

/** Formats that package sharp reads (sharp-formats.ts). */
const sharpFormats: ReadonlySet<ImageFormat | undefined> = new Set(["webp", "gif", "tiff", "avif"]);
export const isSharpFormat = (format: ImageFormat | undefined): format is ImageFormat => sharpFormats.has(format);
