/** Folding text so that spellings of one thing become equal: case, accents, punctuation. For comparing, never for storing. */

/** Latin letters that decomposition leaves as they are. */
const undecomposed: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ĸ: 'k',
  ŧ: 't',
  ə: 'e',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const ascii = /^[\x00-\x7f]*$/

/** Lower case without accents; letters of other scripts stay. `Łódź GmbH` gives `lodz gmbh`. */
export function foldLetters(value: string): string {
  if (ascii.test(value)) return value.toLowerCase()
  return value
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[ßæœøđðþłħıŋĸŧə]/gu, (letter) => undecomposed[letter] ?? letter)
}

/** {@link foldLetters}, with everything that is neither letter nor digit as one space between words. */
export function foldWords(value: string): string {
  return foldLetters(value)
    .replace(/[’'`´]/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** For choices: case, and spaces, underscores and hyphens alike, do not count. `Auto-Send` gives `auto_send`. */
export function foldChoice(value: string): string {
  return value
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-–—]+/gu, '_')
    .replace(/^_+|_+$/gu, '')
}
