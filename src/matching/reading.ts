/**
 * Values as matching reads them: folded text in which spellings of one thing are equal. Usual spellings are read by a few
 * cheap steps; the full readers of `values` decide the rest. An empty reading says that there is nothing to compare.
 */
import { foldLetters, foldWords } from '../values/fold.ts'
import { mayBeLegal, readLegalSuffix } from '../values/legal-suffixes.ts'
import { companyKey, emailKey, linkedInKey, personKey, webKey } from '../values/match-key.ts'
import { readNumberText } from '../values/number-text.ts'
import { nameCredentials, nameSuffixes, nameTitles } from '../values/person-name-words.ts'
import { isPlaceholder } from '../values/placeholder.ts'
import { clean } from '../values/whitespace.ts'
import { dateDigits } from './date-parts.ts'
import type { Role } from './role.ts'

export type Read = (cell: string) => string

/** Longer texts are read up to here: what decides stands in front, and work must stay bounded. */
const readMax = 400

/** The reader of a role. */
export function readerOf(role: Role): Read {
  const read = readers[role]
  return (cell) => (cell === '' ? '' : read(cell.length > readMax ? cell.slice(0, readMax) : cell))
}

const readers: Readonly<Record<Role, Read>> = {
  person: readPerson,
  given: readWords,
  family: readWords,
  email: readEmailAddress,
  phone: readPhoneDigits,
  linkedin: readProfile,
  url: readWeb,
  company: readCompany,
  address: readAddress,
  place: readWords,
  code: readCode,
  date: (cell) => dateDigits(clean(cell)),
  number: readNumber,
  category: readWords,
  text: readWords,
  prose: readWords,
  ignored: () => '',
}

function readWords(cell: string): string {
  const folded = foldedWords(cell)
  return saysNothing(folded, cell) ? '' : folded
}

/** Whether a cell says that there is no value, `N/A` as well as `(none).`; few are so short that it must be looked up. */
export function saysNothing(folded: string, cell: string): boolean {
  return folded.length < 18 && (isPlaceholder(folded) || isPlaceholder(clean(cell)))
}

/** As foldWords, with short cuts for plain text, which give the same: a table is read cell by cell. */
function foldedWords(cell: string): string {
  let isUpper = false
  let isWords = true
  let before = 32
  for (let at = 0; at < cell.length; at += 1) {
    const code = cell.charCodeAt(at)
    if (code > 127) return foldWords(cell)
    if (code >= 65 && code <= 90) isUpper = true
    else if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code === 32 && before !== 32)))
      isWords = false
    before = code
  }
  if (isWords && before !== 32) return isUpper ? cell.toLowerCase() : cell
  return cell
    .toLowerCase()
    .replace(/['`]/g, '')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
}

/** Words of letters, and initials with their dot: no comma, no bracket, nothing that needs a rule. */
const plainName = /^(?:\p{L}\.|[\p{L}\p{M}'’-]+)(?: (?:\p{L}\.|[\p{L}\p{M}'’-]+))+$/u
const familyFirst = /^([^,]+),\s*([^,]+)$/u
const besideNames: ReadonlySet<string> = new Set([
  ...nameTitles.keys(),
  ...nameSuffixes.keys(),
  ...nameCredentials.keys(),
])

function readPerson(cell: string): string {
  if (plainName.test(cell)) {
    const folded = foldedWords(cell)
    if (!hasWordBesideNames(folded)) return saysNothing(folded, cell) ? '' : folded
  }
  const cleaned = clean(cell)
  const [, family = '', given = ''] = familyFirst.exec(cleaned) ?? []
  const behind = foldedWords(given).split(' ')
  const isReversed = family !== '' && behind.length < 3 && !behind.every((word) => besideNames.has(word))
  return personKey(isReversed ? `${given} ${family}` : cleaned) ?? ''
}

function hasWordBesideNames(folded: string): boolean {
  for (let from = 0; from <= folded.length; ) {
    const space = folded.indexOf(' ', from)
    const end = space < 0 ? folded.length : space
    if (besideNames.has(folded.slice(from, end))) return true
    from = end + 1
  }
  return false
}

/** The last of the words, with the particles before it: `ludwig van der berg` gives `van der berg`. */
export function familyOf(person: string): string {
  const at = person.lastIndexOf(' ')
  return at < 0 ? person : person.slice(at + 1)
}

/** The first of the words; empty where there is but one, which is taken for the family's. */
export function givenOf(person: string): string {
  const at = person.indexOf(' ')
  return at < 0 ? '' : person.slice(0, at)
}

const plainEmail = /^[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}$/

function readEmailAddress(cell: string): string {
  if (plainEmail.test(cell) && !cell.endsWith('@gmail.com') && !cell.endsWith('@googlemail.com')) return cell
  const cleaned = clean(cell)
  if (isPlaceholder(cleaned)) return ''
  // An address that no mail server takes still tells records apart by likeness.
  return emailKey(cleaned) ?? (cleaned.includes('@') ? foldLetters(cleaned.replace(/\s+/gu, '')) : '')
}

/** Digits that a number keeps in whichever country, or without its country, it is written. */
const phoneTail = 9

function readPhoneDigits(cell: string): string {
  const digits = cell
    .replace(/(?:ext|x)\.?\s*\d*\s*$/iu, '')
    .replace(/\.0$/u, '')
    .replace(/\D+/gu, '')
    .replace(/^0+/u, '')
  return digits.length < 6 ? '' : digits.slice(-phoneTail)
}

/** Not an internal id (AC…), which names no public profile. */
const plainProfile =
  /^(?:https?:\/\/)?(?:www\.|[a-z]{2}\.)?linkedin\.com\/in\/(?!ac[a-z]aa)([a-z0-9]+(?:-[a-z0-9]+)*)\/?$/

function readProfile(cell: string): string {
  const plain = plainProfile.exec(cell)
  return plain !== null ? `in/${plain[1]}` : (linkedInKey(cell) ?? '')
}

const plainHost = /^(?:https?:\/\/)?(?:www\.)?((?!www\.)[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]{2,})\/?$/

function readWeb(cell: string): string {
  const plain = plainHost.exec(cell)
  return plain?.[1] ?? webKey(cell) ?? ''
}

const plainCompany = /^[A-Za-z0-9]+(?:,? [A-Za-z0-9]+)*\.?$/
const article = /^the\s/i
/** Whether a word alone is a legal form behind a name; a table has few. */
const legalWords = new Map<string, boolean>()
const legalWordsMax = 1_000

function readCompany(cell: string): string {
  return plainCompanyReading(cell) ?? companyKey(cell) ?? ''
}

/** The same for plain names that end in no legal form, or in one of a single word. */
function plainCompanyReading(cell: string): string | undefined {
  if (!plainCompany.test(cell) || article.test(cell) || isPlaceholder(cell)) return undefined
  const space = cell.lastIndexOf(' ')
  const last = cell.slice(space + 1)
  if (!mayBeLegal(last)) return joinedCompany(cell)
  if (space <= 0) return undefined
  const core = cell.slice(0, cell.charCodeAt(space - 1) === 44 ? space - 1 : space)
  if (mayBeLegal(core.slice(core.lastIndexOf(' ') + 1)) || !isLegalWord(last)) return undefined
  return joinedCompany(core)
}

function joinedCompany(core: string): string {
  const folded = foldedWords(core)
  return folded.includes(' and ') ? folded.replaceAll(' and ', ' ') : folded
}

function isLegalWord(word: string): boolean {
  const known = legalWords.get(word)
  if (known !== undefined) return known
  const found = readLegalSuffix(`Northwind ${word}`, 'any')?.core === 'Northwind'
  if (legalWords.size < legalWordsMax) legalWords.set(word, found)
  return found
}

/** Kinds of streets and parts of addresses, in the short form that the post uses. */
const addressWords = new Map<string, string>(
  Object.entries({
    street: 'st',
    avenue: 'ave',
    av: 'ave',
    road: 'rd',
    boulevard: 'blvd',
    blv: 'blvd',
    bvd: 'blvd',
    drive: 'dr',
    lane: 'ln',
    court: 'ct',
    place: 'pl',
    square: 'sq',
    terrace: 'tce',
    terr: 'tce',
    crescent: 'cres',
    circuit: 'cct',
    close: 'cl',
    highway: 'hwy',
    parkway: 'pkwy',
    apartment: 'apt',
    suite: 'ste',
    floor: 'fl',
    building: 'bldg',
    north: 'n',
    south: 's',
    east: 'e',
    west: 'w',
    strasse: 'str',
    straße: 'str',
    first: '1st',
    second: '2nd',
    third: '3rd',
    fourth: '4th',
    fifth: '5th',
    sixth: '6th',
    seventh: '7th',
    eighth: '8th',
    ninth: '9th',
    tenth: '10th',
  }),
)

function readAddress(cell: string): string {
  const folded = readWords(cell)
  if (!folded.includes(' ')) return folded
  return folded
    .split(' ')
    .map((word) => addressWords.get(word) ?? word)
    .join(' ')
}

function readCode(cell: string): string {
  const folded = foldLetters(cell)
    .replace(/\.0+$/u, '')
    .replace(/[^\p{L}\p{N}]+/gu, '')
  return saysNothing(folded, cell) ? '' : folded
}

function readNumber(cell: string): string {
  const told = readNumberText(cell)
  if (told !== undefined) return String(told)
  // With a unit or a word beside it.
  const text = cell.replace(/[^\d.,-]/gu, '').replace(/,(?=\d{3}\b)/gu, '')
  const number = Number(text.replace(',', '.'))
  return text === '' || Number.isNaN(number) ? '' : String(number)
}
