/**
 * Text from files and folders on its way to people: a name may hold anything, and a terminal obeys what it is sent.
 */

/** What JSON.stringify leaves as it is and `printable` does not. */
export const steeringInJson = /[\u007f-\u009f\u061c\u2028\u2029\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * `text` with control characters, ESC among them, written as \xNN, and as \u{N} the marks that turn the reading direction, line ends of
 * Unicode, halves of characters and what XML forbids.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_C}\ufffe\uffff]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
