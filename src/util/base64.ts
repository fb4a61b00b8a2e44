/** Bytes as base64 text and back (RFC 4648), in Node and in a tab. */

/** Bytes whose characters are made at once: a call takes some ten thousand arguments. */
const CHUNK = 0x2000;

/** With padding, in one line. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** Throws where it is no base64. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
};
