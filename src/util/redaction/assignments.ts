import { isOrdinaryValue } from './ordinary-values.ts';
import type { KeyVerdict } from './secret-keys.ts';
import type { Mask } from './secret-shapes.ts';

/** What a name says about its value; `judgeKey` or a memory of it. */
export type Judge = (name: string) => KeyVerdict;

const SEPARATOR = /[=:>]/g;
/** Names are looked back for no further than this, and values forth. */
const MAX_NAME = 128;
const MAX_VALUE = 16_384;

/** An unquoted value ends at white space or a quote, and at a `,` `;` `&` behind which another assignment begins. */
const UNQUOTED = /^(?:[^\s"'<>`,;&\\]|\\(?!["'])|[,;&](?!\s|amp;|[\w.%-]{1,64}\s?=|$))*/;
const OPTION = /(?<![\w-])--?([A-Za-z][\w.-]{1,63})(\s{1,4})(?=[^\s-])/g;

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Masks the values of assignments whose name is that of a secret, wherever they stand in a text:
 * `password=…` in a JDBC address, `sig=…` in a query, `-Dx.pass=…`, `--pwd=…`, `"token": "…"`, `<password>…`.
 */
export function maskAssignments(text: string, mask: Mask, judge: Judge): string {
  return maskSpans(text, SEPARATOR, mask, (hit, done) => findAssigned(text, hit.index, done, judge));
}

/** Masks the values of options that stand behind their name: `--password hunter2`. */
export function maskOptions(text: string, mask: Mask, judge: Judge): string {
  return maskSpans(text, OPTION, mask, ({ 0: whole, 1: name = '', index }) => {
    const verdict = judge(name);
    if (verdict !== 'password' && verdict !== 'secret') return undefined;
    const span = valueAt(text, index + whole.length);
    return isOrdinaryValue(text.slice(span.from, span.to), verdict) ? undefined : span;
  });
}

/** Goes from hit to hit of the pattern, and masks what `find` makes of them; never looks at a place twice. */
function maskSpans(
  text: string,
  pattern: RegExp,
  mask: Mask,
  find: (hit: RegExpExecArray, done: number) => Span | undefined,
): string {
  let result = '';
  let done = 0;
  pattern.lastIndex = 0;
  for (let hit = pattern.exec(text); hit !== null; hit = pattern.exec(text)) {
    const secret = find(hit, done);
    if (secret === undefined) continue;
    result += text.slice(done, secret.from) + mask(text.slice(secret.from, secret.to));
    pattern.lastIndex = done = secret.to;
  }
  return done === 0 ? text : result + text.slice(done);
}

function findAssigned(text: string, separator: number, done: number, judge: Judge): Span | undefined {
  // See prefilter.ts: no name of a secret ends so, and line numbers and times are many.
  if (text[separator] === ':' && !/[dswetnrgly"' ]/i.test(text.charAt(separator - 1))) return undefined;
  const { name, isQuoted } = nameBefore(text, separator, done);
  if (name.length < 2) return undefined;
  if (text[separator] === '>' && text[separator - name.length - 1] !== '<') return undefined;
  const verdict = judge(name);
  if (verdict === 'ordinary') return undefined;

  const start = separator + 1 + leadingBlanks(text, separator + 1);
  const span = valueAt(text, start);
  const value = text.slice(span.from, span.to);
  if (isOrdinaryValue(value, verdict)) return undefined;
  const isBare = !isQuoted && span.from === start;
  return text[separator] === ':' && isBare && !looksAssigned(value) ? undefined : span;
}

/** The name that ends before the separator, past a blank and a quote, which may be escaped several times. */
function nameBefore(
  text: string,
  separator: number,
  done: number,
): { readonly name: string; readonly isQuoted: boolean } {
  let end = separator;
  if (end > done && text[end - 1] === ' ') end--;
  const isQuoted = end > done && (text[end - 1] === '"' || text[end - 1] === "'");
  if (isQuoted) end--;
  while (isQuoted && end > done && text[end - 1] === '\\') end--;

  const limit = Math.max(done, end - MAX_NAME);
  let start = end;
  while (start > limit && isNameCharacter(text.charCodeAt(start - 1))) start--;
  return { name: text.slice(start, end), isQuoted };
}

function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 46 ||
    code === 95 ||
    code === 45
  );
}

/** In prose a colon assigns nothing: `token: expired`. A credential has a digit or a sign in it. */
function looksAssigned(value: string): boolean {
  return value.length >= 4 && !value.startsWith('//') && /[\d!$%^&*+=#~]/.test(value);
}

function leadingBlanks(text: string, from: number): number {
  return /^\s{0,4}/.exec(text.slice(from, from + 4))?.[0].length ?? 0;
}

/** The value that begins here: in quotes (which may be escaped), in braces as SQL Server has them, or up to its end. */
function valueAt(text: string, from: number): Span {
  const piece = text.slice(from, from + MAX_VALUE);
  const open = /^(?:\\{0,15}["']|\{)/.exec(piece)?.[0] ?? '';
  const close = open === '' ? -1 : closingIndex(piece, open);
  if (close !== -1) return { from: from + open.length, to: from + close };

  const skipped = open === '{' ? 0 : open.length;
  const value = withoutClosings(UNQUOTED.exec(piece.slice(skipped))?.[0] ?? '');
  return { from: from + skipped, to: from + skipped + value.length };
}

/** Brackets at the end close what was opened before the value. */
function withoutClosings(value: string): string {
  let end = value.length;
  while (end > 0 && ')]}'.includes(value.charAt(end - 1))) end -= 1;
  return value.slice(0, end);
}

function closingIndex(piece: string, open: string): number {
  const close = open === '{' ? '}' : open;
  let index = piece.indexOf(close, open.length);
  // Inside plain quotes a backslash keeps the quote behind it from closing.
  while (index > 0 && close !== '}' && open.length === 1 && piece[index - 1] === '\\')
    index = piece.indexOf(close, index + 1);
  return index;
}
