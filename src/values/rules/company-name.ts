import { z } from 'zod'
import { companyAcronyms, joiningWords, shortWords } from '../company-words.ts'
import { isCanonicalForm, mayBeLegal, readLegalSuffix } from '../legal-suffixes.ts'
import { isPlaceholder } from '../placeholder.ts'
import { canonical, defineRule, type Standardized, settled, stableForm, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** The legal form at the end: in its canonical spelling, dropped, or left as it is. */
  suffix: z.enum(['canonical', 'remove', 'keep']).default('canonical'),
  /** Legal forms that are dropped although `suffix` keeps others: `[Inc., LLC]`. */
  removeSuffixes: z.array(z.string().min(1)).default([]),
  /** `shouting` gives proper case to names that are all upper or all lower case; acronyms stay. */
  case: z.enum(['shouting', 'keep']).default('shouting'),
})
type Options = z.output<typeof options>

/** Names of companies: one spelling of the legal form, and no shouting. */
export const companyName = defineRule({
  name: 'company_name',
  version: 1,
  summary: 'Canonical legal form (Inc., Ltd., GmbH), proper case where a name is all upper or lower; acronyms stay.',
  options,
  prepare: (settings) => {
    const dropped = new Set(settings.removeSuffixes.map((suffix) => canonicalOf(suffix)))
    const keepsForms = settings.suffix !== 'remove' && dropped.size === 0
    return (value) => (keepsForms && isPlain(value) ? canonical : standardize(value, settings, dropped))
  },
})

/**
 * Most names that are in standard form, told at once: several plain words of mixed case, and behind them a canonical
 * legal form or none.
 */
function isPlain(value: string): boolean {
  if (!/^(?!No)[A-Z][a-z]+(?: [A-Z0-9][A-Za-z0-9]*)*(?: [A-Za-z]+\.?)$/.test(value)) return false
  const space = value.lastIndexOf(' ')
  const last = value.slice(space + 1)
  if (!mayBeLegal(last)) return true
  const before = value.slice(value.lastIndexOf(' ', space - 1) + 1, space)
  return isCanonicalForm(last) && before.length > 3 && !mayBeLegal(before)
}

function canonicalOf(suffix: string): string {
  return readLegalSuffix(`X ${clean(suffix)}`, 'any')?.canonical ?? clean(suffix)
}

function standardize(value: string, settings: Options, dropped: ReadonlySet<string>): Standardized {
  // Removing or casing can bring another form to the end.
  const name = stableForm(clean(value), (text) => standardizedOnce(unquoted(text), settings, dropped))
  if (name === undefined) return unmendable('has no stable form as a company name')
  if (isPlaceholder(name)) return unmendable('is a placeholder, not a company')
  if (!/[\p{L}\p{N}]/u.test(name)) return unmendable('holds neither letter nor digit')
  return settled(value, name, 'company name in standard form')
}

function unquoted(text: string): string {
  return clean(text.replace(/[\s,;]+$/u, '').replace(/^"([^"]+)"$/u, '$1'))
}

function standardizedOnce(name: string, settings: Options, dropped: ReadonlySet<string>): string {
  const suffix = readLegalSuffix(name, 'telling-only')
  const core = suffix?.core ?? name
  const cased = settings.case === 'shouting' ? unshouted(core, suffix?.written) : core
  if (suffix === undefined) return cased
  if (settings.suffix === 'remove' || dropped.has(suffix.canonical)) return cased
  return `${cased} ${settings.suffix === 'canonical' ? suffix.canonical : suffix.written}`
}

/** The core in proper case if all its letters are of one case and nothing says that this is its custom. */
function unshouted(core: string, suffix: string | undefined): string {
  if (/(?!\p{Script=Latin})\p{L}/u.test(core)) return core
  const isUpper = /\p{Lu}/u.test(core)
  if (isUpper === /\p{Ll}/u.test(core)) return core
  const words = core.split(' ')
  if (words.length === 1 && isUpper) {
    // IBM; and `CNOOC Ltd.`, whose writer knew how to use small letters.
    const isShort = (core.match(/\p{L}/gu) ?? []).length <= 4
    if (isShort || (suffix !== undefined && /\p{Ll}/u.test(suffix))) return core
  }
  // `bol.com` is a name as it is.
  if (words.length === 1 && !isUpper && suffix === undefined && /\p{L}\.\p{L}/u.test(core)) return core
  return words.map((word, index) => casedWord(word, index === 0, isUpper)).join(' ')
}

function casedWord(word: string, isFirst: boolean, isUpper: boolean): string {
  const lower = word.replaceAll('İ', 'i').toLowerCase().normalize('NFC')
  const letters = lower.replace(/[^\p{L}&]/gu, '')
  const acronym = companyAcronyms.get(letters)
  if (acronym !== undefined && letters.length === lower.replace(/[(),."']/gu, '').length)
    return lower.replace(letters, acronym)
  if (!isFirst && joiningWords.has(lower)) return lower
  if (/\p{N}|\p{L}[.&/]\p{L}/u.test(word)) return word
  if (isUpper && letters.length <= 5 && !/[aeiouyäöüáéíóúàèìòù]/u.test(letters) && !shortWords.has(letters)) return word
  return lower.replace(/(?<=^[^\p{L}]*|-)\p{L}/gu, raised).replace(/(?<=^Mc)\p{L}(?=\p{L}{2})/u, raised)
}

/** The upper-case form, unless that is another number of letters (ß, ŉ), which would not read back. */
function raised(letter: string): string {
  const upper = letter.toUpperCase()
  return upper.length === letter.length ? upper : letter
}
