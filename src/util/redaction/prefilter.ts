/** What a text holds that may be, or be near, a secret. 0 when no search needs to look at it. */
export const SUSPICION = {
  /** An `@`, as in an address with a password. */
  at: 1,
  /** A `=`, `:` or `>` behind what may be a name, as before its value. */
  separator: 2,
  /** A `-` that joins no words, as before an option or around a private key. */
  dash: 4,
  /** Three characters of a token that is known by its look, or of `Bearer` and its like. */
  token: 8,
} as const;

/**
 * Three characters that each token of secret-shapes.ts and each scheme before a credential has; `?` stands for any.
 *
 * Grouped so that each group is one bit: members of a group lend each other their characters, which only makes the
 * suspicion wider.
 */
const MARKS: readonly (readonly string[])[] = [
  ['AKI', 'ASI', 'AIz'],
  ['ARO', 'AID'],
  ['ABI', 'ACC', 'AGE'],
  ['ATA'],
  ['eyJ'],
  ['ghp', 'gho', 'ghu', 'ghs', 'ghr'],
  ['git'],
  ['glp', 'gld', 'glr', 'glo', 'glc', 'gls'],
  ['xox', 'xap'],
  ['sk_', 'rk_', 'sk-'],
  ['whs'],
  ['ya2'],
  ['GOC'],
  ['?Q~'],
  ['dap', 'dke'],
  ['hf_'],
  ['npm'],
  ['pyp'],
  ['SG.'],
  ['hvs', 'hvb', 'hvr'],
  ['dop', 'doo', 'dor'],
  ['SK?'],
  ['key'],
  ['shp', 'sq0'],
  ['NRA'],
  [':AA'],
  ['k.c'],
  ['rer', 'RER'],
  ['ic ', 'IC ', 'ic%', 'IC%'],
  ['ego', 'EGO', 'ige', 'IGE'],
  ['ey ', 'EY ', 'en ', 'EN ', 'ey%', 'EY%', 'en%', 'EN%'],
];

const CODES = 128;

/** For each character what it makes of a text, given the one before it, one bit per kind of character before. */
const BEFORE = new Uint8Array(CODES);
const LETTER_OR_QUOTE = 1;
const JOINS_WORDS = 2;
/**
 * Before a bare colon: the letters that names of secrets end with. It spares line numbers (`Dataset.scala:3615`) and
 * times, of which every stage is full.
 */
for (const character of 'dswetnrgly') {
  BEFORE[character.charCodeAt(0)] = BEFORE[character.toUpperCase().charCodeAt(0)] = LETTER_OR_QUOTE;
}
for (const character of `"' `) BEFORE[character.charCodeAt(0)] = LETTER_OR_QUOTE;
for (let code = 0; code < CODES; code++) {
  if (/[\w.]/.test(String.fromCharCode(code))) BEFORE[code] = (BEFORE[code] ?? 0) | JOINS_WORDS;
}

function suspicionOf(sign: string, before: number): number {
  const kinds = BEFORE[before] ?? 0;
  switch (sign) {
    case '@':
      return SUSPICION.at;
    case ':':
      return (kinds & LETTER_OR_QUOTE) === 0 ? 0 : SUSPICION.separator;
    case '-':
      return (kinds & JOINS_WORDS) === 0 ? SUSPICION.dash : 0;
    default:
      return SUSPICION.separator;
  }
}

const IS_SIGN = new Uint8Array(CODES);
for (const sign of '@=:>-') IS_SIGN[sign.charCodeAt(0)] = 1;

const [FIRST, SECOND, THIRD] = [tableOf(0), tableOf(1), tableOf(2)];

/** For each character the groups of {@link MARKS} that have it at this place, one bit each. */
function tableOf(place: number): Int32Array {
  const table = new Int32Array(CODES);
  for (const [bit, group] of MARKS.entries()) {
    for (const character of group.map((mark) => mark.charAt(place))) {
      const codes = character === '?' ? table.keys() : [character.charCodeAt(0)];
      for (const code of codes) table[code] = (table[code] ?? 0) | (1 << bit);
    }
  }
  return table;
}

/**
 * Looks once at each character, a few nanoseconds per text of a property; nearly all need no more than this.
 *
 * All marks are asked for at once: three looked-up numbers are joined by AND, and what is left has all three
 * characters of one group in a row.
 *
 * @returns {@link SUSPICION}s, added up
 */
export function suspect(text: string): number {
  let found = 0;
  let before = 0;
  let one = 0;
  let two = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < CODES) {
      if (IS_SIGN[code] === 1) found |= suspicionOf(text.charAt(index), before);
      if ((two & (THIRD[code] ?? 0)) !== 0) found |= SUSPICION.token;
      two = one & (SECOND[code] ?? 0);
      one = FIRST[code] ?? 0;
    } else {
      one = two = 0;
    }
    before = code;
  }
  return found;
}
