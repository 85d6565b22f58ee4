/**
 * What is written where something must be written and nobody has anything to write: words for nothing, words for a test,
 * runs over the keyboard, one character over and over, numbers that nobody has. Pure.
 */
import { foldWords } from './fold.ts'
import { isPlaceholder } from './placeholder.ts'

/** Filler is short: a longer value is text, however poor. In characters. */
const fillerCharactersMax = 60

const tests = new Set(
  'test tests testing tester teste test1 test2 test123 testtest dummy sample example placeholder foo bar baz foobar foo bar bla blabla blah lorem'.split(
    ' ',
  ),
)
const nothings = new Set(
  'na none null nil nan no noname nomail noemail nothing empty unknown unbekannt keine kein tbd tba todo'.split(' '),
)
/** Rows of keyboards, and of letters and digits in order. */
const runs = [
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'yxcvbnm',
  'zxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
]
/** Fewer characters of a run are a name or an abbreviation: `abc` is a company. */
const runMin = 4

/** Whether a text is filler, as a clause after the field's name; undefined where it says something. */
export function fillerIn(value: string): string | undefined {
  const text = value.trim()
  if (text === '' || text.length > fillerCharactersMax) return undefined
  if (!/[\p{L}\p{N}]/u.test(text)) return 'holds signs without a letter or digit'
  if (isPlaceholder(text)) return 'says that there is nothing'
  const words = foldWords(text).split(' ')
  const [first = ''] = words
  if (words.every((word) => tests.has(word))) return 'is a word for a test'
  if (isRun(words.join(''))) return 'is a run over the keyboard'
  if (words.every((word) => isOneCharacter(word)) && words.join('').length >= 3) return 'is one character over and over'
  return words.length === 1 && nothings.has(first) && first.length > 2 ? 'says that there is nothing' : undefined
}

/** Whether an e-mail address is nobody's: by its mailbox, or since mailbox and domain say one word of filler. */
export function fillerInEmail(value: string): string | undefined {
  const text = value.trim().toLowerCase()
  const at = text.lastIndexOf('@')
  if (at <= 0) return fillerIn(text)
  const mailbox = text.slice(0, at).replace(/\+.*$/u, '')
  const host = text.slice(at + 1).split('.')[0] ?? ''
  if (nothings.has(foldWords(mailbox).replaceAll(' ', ''))) return 'says that there is nothing'
  const found = fillerIn(mailbox)
  if (found !== undefined && mailbox.length > 1) return found
  return mailbox === host && host.length <= 2 ? 'has one letter for mailbox and domain' : undefined
}

/** Whether a telephone number is nobody's. */
export function fillerInPhone(value: string): string | undefined {
  const digits = value.replace(/\D+/gu, '')
  if (digits === '') return fillerIn(value)
  if (isOneCharacter(digits)) return 'is one digit over and over'
  // Without a country or area code before it: 000-0000, 1-999-999-9999.
  const own = digits.slice(-7)
  if (own.length === 7 && isOneCharacter(own)) return 'is one digit over and over'
  if (digits.length >= 6 && (isRun(digits) || isRun([...digits].reverse().join('')))) return 'counts up or down'
  return undefined
}

function isOneCharacter(text: string): boolean {
  const [first] = text
  return first !== undefined && [...text].every((character) => character === first)
}

/** Whether a text is a part of one run, or such parts one after another: `asdf`, `qweasd`, `asdfasdf`. */
function isRun(text: string): boolean {
  if (text.length < runMin) return false
  let at = 0
  while (at < text.length) {
    let longest = 0
    for (const run of runs) {
      let length = 0
      while (at + length < text.length && run.includes(text.slice(at, at + length + 1))) length += 1
      longest = Math.max(longest, length)
    }
    if (longest < 3) return false
    at += longest
  }
  return true
}
