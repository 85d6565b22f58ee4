import { z } from 'zod'
import {
  elidedPrefixes,
  nameCredentials,
  nameParticles,
  nameSuffixes,
  nameTitles,
  vowelInitials,
  vowellessNames,
} from '../person-name-words.ts'
import { isPlaceholder } from '../placeholder.ts'
import { canonical, defineRule, type Standardized, settled, stableForm, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** `keep` leaves Dr., Mr., Prof. in place; `remove` drops them. */
  titles: z.enum(['keep', 'remove']).default('keep'),
})

/** Names of people: `SMITH, JOHN` and `john smith` become `John Smith`; mixed case and other scripts are left alone. */
export const personName = defineRule({
  name: 'person_name',
  version: 1,
  summary: 'First name first, proper case where all is upper or lower, Jr./III as customary; mixed case is left alone.',
  options,
  prepare: (settings) => (value) => standardize(value, settings.titles === 'remove'),
})

/** A letter of Latin-1 or Latin Extended-A that has a case and, being one code point, stays as it is in NFC. */
const upperLetter = 'A-Z\\u00c0-\\u00d6\\u00d8-\\u00de\\u0141\\u015a\\u0160\\u0179\\u017b\\u017d'
const lowerLetter =
  'a-z\\u00e0-\\u00f6\\u00f8-\\u00ff\\u0105\\u0107\\u010d\\u0119\\u011b\\u0142\\u0144\\u0148\\u0151\\u0159\\u015b\\u0161\\u016f\\u0171\\u017a\\u017c\\u017e'
const plainWord = `(?:[A-Z]'|Mc)?[${upperLetter}][${lowerLetter}]+`
/**
 * Most names that are in standard form, told at once: words of mixed case, which nothing cases anew; not what begins as
 * a title, ends as Jr. or says `No Name`.
 */
const plain = new RegExp(
  `^(?!No|Dr |Mr |Mrs |Ms |Mx |Miss |Prof |Professor |Sir |Dame |Rev |Hon |Herr |Frau )(?:${plainWord}|[A-Z]\\.)(?:[ -]${plainWord})+$`,
)
const plainEnd = / (?:[JS]n?r)$/

function standardize(value: string, removesTitles: boolean): Standardized {
  if (plain.test(value) && !plainEnd.test(value)) return canonical
  const name = stableForm(clean(value), (text) => standardizedOnce(text, removesTitles))
  if (name === undefined) return unmendable('has no stable form as a name')
  if (isPlaceholder(name)) return unmendable('is a placeholder, not a name')
  if (!/\p{L}/u.test(name)) return unmendable('holds no letter')
  if (/\S@\S|:\/\/|(?:^|\s)www\./iu.test(name)) return unmendable('is an address, not a name')
  return settled(value, name, 'name in standard form')
}

function standardizedOnce(name: string, removesTitles: boolean): string {
  const bare = withoutQuotes(name)
  const ordered = firstNameFirst(removesTitles ? withoutTitles(bare) : bare)
  return withSuffix(/(?!\p{Script=Latin})\p{L}/u.test(ordered) ? ordered : properCase(ordered))
}

function withoutQuotes(text: string): string {
  let bare = text
  for (;;) {
    const inside = /^(?:"([^"]*\p{L}[^"]*)"|“([^”]*\p{L}[^”]*)”)[\s,;]*$/u.exec(bare)
    const next = (inside?.[1] ?? inside?.[2] ?? bare).replace(/[\s,;]+$/u, '').replace(/^[\s,;]+/u, '')
    if (next === bare) return bare
    bare = next
  }
}

const bareOf = (word: string) => word.toLowerCase().replaceAll('.', '').replace(/,$/u, '')
const isBehind = (word: string) => nameSuffixes.has(bareOf(word)) || nameCredentials.has(bareOf(word))

/** `Smith, John` and `Smith, John, Jr.`; not `Smith, Jr.` and not lists of people. */
function firstNameFirst(name: string): string {
  const parts = name.split(/\s*,\s*/u)
  const [last = '', first = '', suffix, ...more] = parts
  if (parts.length < 2 || more.length > 0 || last === '' || first === '') return name
  if (suffix !== undefined && !nameSuffixes.has(bareOf(suffix))) return name
  const few = (text: string) => /^\p{L}[\p{L}\p{M}.'’ -]*$/u.test(text) && text.split(' ').length <= 4
  if (!few(last) || !few(first) || first.split(' ').some(isBehind) || last.split(' ').some(isBehind)) return name
  return suffix === undefined ? `${first} ${last}` : `${first} ${last} ${suffix}`
}

/** Whether nobody has cased the name yet: every word is all upper or all lower case. */
function isUncased(words: readonly string[]): boolean {
  const letters = words.join('').replace(/[^\p{L}]/gu, '')
  if (words.length === 1 && letters.length <= 2) return false
  return words.every((word) => !(/\p{Lu}/u.test(word) && /\p{Ll}/u.test(word)))
}

function properCase(name: string): string {
  const words = name.split(' ')
  if (!isUncased(words)) return name
  const nameWords = words.filter((word, index) => !nameTitles.has(bareOf(word)) && !(index > 0 && isBehind(word)))
  return words
    .map((word, index) => {
      const bare = bareOf(word)
      const comma = word.endsWith(',') ? ',' : ''
      const title = index < words.length - 1 ? nameTitles.get(bare) : undefined
      if (title !== undefined && word.replace(/[.,]/gu, '').length === bare.length && index === 0) return title + comma
      const isLast = index === words.length - 1
      const behind = index >= 1 && isLast ? nameSuffixes.get(bare) : undefined
      if (behind !== undefined) return behind
      const afterComma = words[index - 1]?.endsWith(',') === true
      const credential =
        index >= 1 && (afterComma || (isLast && nameWords.length >= 2)) ? nameCredentials.get(bare) : undefined
      if (credential !== undefined) return credential + comma
      const position = word === nameWords[0] ? 'first' : word === nameWords.at(-1) ? 'last' : 'middle'
      return caseWord(word, position, nameWords.length)
    })
    .join(' ')
}

type Position = 'first' | 'middle' | 'last'

function caseWord(word: string, position: Position, count: number): string {
  const lower = word.replaceAll('İ', 'i').toLowerCase().normalize('NFC')
  if (position === 'middle' && nameParticles.has(lower)) return lower
  if (position === 'first' && count > 1 && isInitials(lower)) return lower.toUpperCase()
  return lower
    .split('-')
    .map((part, index, parts) => {
      const inside = index > 0 && index < parts.length - 1
      const article =
        (part === 'al' || part === 'el') && index < parts.length - 1 && (index > 0 || position !== 'first')
      return article || (inside && nameParticles.has(part)) ? part : capitalize(part)
    })
    .join('-')
}

function isInitials(lower: string): boolean {
  if (!/^[a-z]{2}$/u.test(lower)) return false
  return vowelInitials.has(lower) || (!/[aeiouy]/u.test(lower) && !vowellessNames.has(lower))
}

/** Capitals at the start, after Mc, after O' and its like, and after the dot of an initial. */
function capitalize(lower: string): string {
  return lower
    .replace(/^[^\p{L}]*\p{L}/u, upper)
    .replace(/(?<=^[^\p{L}]*Mc)\p{L}(?=\p{L}{2})/u, upper)
    .replace(/(?<=^\P{L}*)(\p{L}+)(['’ʼ`])(\p{L})(?=\p{L})/u, (all, prefix: string, mark: string, letter: string) =>
      elidedPrefixes.has(prefix.toLowerCase()) ? `${prefix}${mark}${upper(letter)}` : all,
    )
    .replace(/(?<=(?:^|[^\p{L}])\p{L}\.)\p{L}/gu, upper)
}

/** The upper-case form, unless that is another number of letters (ß, ŉ), which would not read back. */
function upper(letter: string): string {
  const raised = letter.toUpperCase()
  return raised.length === letter.length && raised.toLowerCase() === letter.toLowerCase() ? raised : letter
}

/** `Jr`, `jr.`, `JR` at the end are `Jr.`, whatever the case of the rest; roman numerals only where they are all lower. */
function withSuffix(name: string): string {
  return name.replace(/(?<=\p{L}.*[\s,])(jr|jnr|sr|snr)\.?$/iu, (word) => nameSuffixes.get(bareOf(word)) ?? word)
}

function withoutTitles(name: string): string {
  let rest = name.split(' ')
  while (nameTitles.has(bareOf(rest[0] ?? '')) && rest.slice(1).some((word) => /\p{L}/u.test(word)))
    rest = rest.slice(1)
  return rest.join(' ')
}
