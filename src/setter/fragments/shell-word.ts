/** A word that means itself to a shell. */
const PLAIN = /^[A-Za-z0-9_./:=@%+,-]+$/;

/**
 * A text as one word of a POSIX shell, in single quotes where it needs any.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02
 */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
