/**
 * Text from people and files as a terminal may show it.
 */

/** What a terminal would obey or hide: control and format characters, separators of lines and paragraphs. */
export const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** The text with such characters as \u escapes. */
export const visibleText = (text: string): string =>
  text.replace(new RegExp(steering, "gu"), (sign) => {
    const code = sign.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
