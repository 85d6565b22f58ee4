/**
 * Values as matching reads them: folded text in which spellings of one thing are equal. Usual spellings are read by a few
 * cheap steps; the full readers of `values` decide the rest. An empty reading says that there is nothing to compare.
 */
import { foldLetters, foldWords } from '../values/fold.ts'
import { mayBeLegal } from '../values/legal-suffixes.ts'
import { companyKey, emailKey, linkedInKey, personKey, webKey } from '../values/match-key.ts'
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

const plainLower = /^[a-z0-9]+(?: [a-z0-9]+)*$/

function readWords(cell: string): string {
  const folded = foldedWords(cell)
  return folded.length < 20 && isPlaceholder(cell.trim()) ? '' : folded
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const ascii = /^[\x00-\x7f]*$/
const plainWords = /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/

/** As foldWords, with short cuts for plain text, which gives the same. */
function foldedWords(cell: string): string {
  if (plainLower.test(cell)) return cell
  if (plainWords.test(cell)) return cell.toLowerCase()
  if (!ascii.test(cell)) return foldWords(cell)
  return cell
    .toLowerCase()
    .replace(/['`]/g, '')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
}

const plainName = /^[A-Za-z]+(?: [A-Za-z]+)+$/
const familyFirst = /^([^,]+),\s*([^,]+)$/u

function readPerson(cell: string): string {
  if (plainName.test(cell)) {
    const lower = cell.toLowerCase()
    const words = lower.split(' ')
    if (!words.some((word) => nameTitles.has(word) || nameSuffixes.has(word) || nameCredentials.has(word))) return lower
  }
  const cleaned = clean(cell)
  const [, family = '', given = ''] = familyFirst.exec(cleaned) ?? []
  const behind = foldWords(given).split(' ')
  const reversed =
    family !== '' && !behind.every((word) => nameSuffixes.has(word) || nameCredentials.has(word.replaceAll(' ', '')))
  return personKey(reversed && behind.length < 3 ? `${given} ${family}` : cleaned) ?? ''
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

const plainProfile = /^(?:https?:\/\/)?(?:www\.|[a-z]{2}\.)?linkedin\.com\/in\/([a-z0-9]+(?:-[a-z0-9]+)*)\/?$/

function readProfile(cell: string): string {
  const plain = plainProfile.exec(cell)
  return plain !== null ? `in/${plain[1]}` : (linkedInKey(cell) ?? '')
}

const plainHost = /^(?:https?:\/\/)?(?:www\.)?((?!www\.)[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]{2,})\/?$/

function readWeb(cell: string): string {
  const plain = plainHost.exec(cell)
  return plain?.[1] ?? webKey(cell) ?? ''
}

const plainCompany = /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/
const companiesMax = 20_000
/** Companies come again and again in a table, and reading a legal form is the dearest of all readings. */
const companies = new Map<string, string>()

function readCompany(cell: string): string {
  const known = companies.get(cell)
  if (known !== undefined) return known
  const lastWord = cell.slice(cell.lastIndexOf(' ') + 1)
  const reading =
    plainCompany.test(cell) && !mayBeLegal(lastWord) && !/^the\s/iu.test(cell)
      ? cell.toLowerCase().replaceAll(' and ', ' ')
      : (companyKey(cell) ?? '')
  if (companies.size >= companiesMax) companies.clear()
  companies.set(cell, reading)
  return reading
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
  return isPlaceholder(folded) ? '' : folded
}

function readNumber(cell: string): string {
  const text = cell.replace(/[^\d.,-]/gu, '').replace(/,(?=\d{3}\b)/gu, '')
  const number = Number(text.replace(',', '.'))
  return text === '' || Number.isNaN(number) ? '' : String(number)
}
