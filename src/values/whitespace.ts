/** White space and invisible characters: what copied text carries along and nobody sees. */

const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
/** Zero-width space, word joiner, direction marks, byte-order mark, soft hyphen; not the joiners that Persian and emoji need. */
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu
/** Control characters but tab, line feed, vertical tab, form feed, carriage return (which are white space). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const control = /[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f]/gu

/** The text without invisible characters, in Unicode normal form C, every run of white space one space, none at the ends. */
export function clean(value: string): string {
  if (plain.test(value)) return value
  return visible(value).replace(/\s+/gu, ' ').trim()
}

/** As {@link clean}, but with its white space inside kept. */
export function visible(value: string): string {
  return value.replace(control, '').replace(invisible, '').normalize('NFC')
}

/** Whether a person would see nothing. */
export function isBlank(value: string): boolean {
  const first = value.charCodeAt(0)
  return !(first > 0x20 && first < 0x7f) && visible(value).trim() === ''
}
