/**
 * By what a person is recognised wherever their data turn up: texts that are equal exactly where two records speak of one
 * person. The one definition for the suppression list, the import, the API and the sync.
 */

import type { FieldType } from './field-type.ts'
import { foldWords } from './fold.ts'
import { emailKey, linkedInKey, matchKeyNameOf, personKey, phoneKey } from './match-key.ts'
import { isRoleMailbox } from './role-mailbox.ts'
import type { RuleUse } from './standardizer.ts'

/** The texts of one record that say who it is. */
export interface PersonTexts {
  readonly emails: readonly string[]
  readonly linkedins: readonly string[]
  readonly phones: readonly { readonly text: string; readonly region: string | undefined }[]
  readonly person: string | undefined
}

/** Which fields of a table say who a record is, by their rules and types. */
export interface PersonFields {
  readonly emails: readonly string[]
  readonly linkedins: readonly string[]
  readonly phones: readonly { readonly field: string; readonly region: string | null }[]
  /** The field of the person's full name; null where there is none. */
  readonly person: string | null
}

/** What {@link personFieldsOf} needs to know of a declared field. */
export interface IdentityField {
  readonly name: string
  readonly type: FieldType
  readonly rules: readonly RuleUse[]
}

/**
 * The identities of a record, without its key:
 *
 * - `email:ann@acme.example` and `linkedin:in/ann`: a mailbox and a profile belong to one person.
 * - `email:info@acme.example/ann lee` and `phone:4930123456/ann lee`: an office's mailbox and a telephone number are shared, so
 *   that they tell a person only together with the name.
 *
 * The page of a company tells nobody.
 */
export function identitiesOf(texts: PersonTexts): readonly string[] {
  const found = new Set<string>()
  const name = texts.person === undefined ? '' : (personKey(texts.person) ?? '')
  for (const text of texts.emails) {
    const key = emailKey(text)
    if (key !== undefined) found.add(isRoleMailbox(key) ? `email:${key}/${name}` : `email:${key}`)
  }
  for (const text of texts.linkedins) {
    const key = linkedInKey(text)
    if (key?.startsWith('in/')) found.add(`linkedin:${key}`)
  }
  for (const { text, region } of texts.phones) {
    const key = name === '' ? undefined : phoneKey(text, region)
    if (key !== undefined) found.add(`phone:${key}/${name}`)
  }
  return [...found]
}

/**
 * The identity that a record's own key is, or undefined: keys that are counted (`17`) are given again to other people by
 * the next table, and by SQLite itself. A UUID or an Airtable record id means the same record in whatever table.
 *
 * @param table the table's name in SQLite
 */
export function keyIdentity(table: string, key: string): string | undefined {
  if (!/\p{L}/u.test(key)) return undefined
  const isGlobal = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key) || /^rec[A-Za-z0-9]{14}$/.test(key)
  if (!isGlobal) return `key:${table.toLowerCase()}/${key}`
  return `key:${key.startsWith('rec') ? key : key.toLowerCase()}`
}

/**
 * Whether a text names a person: by one of their addresses in whatever spelling, or by their name. Names of fewer than four
 * letters, which stand in any sentence, do not count.
 */
export function mentionsPerson(text: string, identities: readonly string[], names: readonly string[]): boolean {
  const words = text.split(/[\s,;<>()"']+/u).filter((word) => word !== '')
  const keys = words.flatMap((word) => {
    const email = word.includes('@') ? emailKey(word) : undefined
    const linkedIn = word.includes('/') ? linkedInKey(word) : undefined
    return [email && `email:${email}`, linkedIn && `linkedin:${linkedIn}`].filter((key) => key !== undefined)
  })
  if (keys.some((key) => identities.some((identity) => identity === key || identity.startsWith(`${key}/`)))) return true
  const folded = ` ${foldWords(text)} `
  return names.some((name) => {
    const key = personKey(name)
    return key !== undefined && key.length >= nameLettersMin && folded.includes(` ${key} `)
  })
}

const nameLettersMin = 4

/** Whether an e-mail address is that of an office, which several people have. */
export function isSharedMailbox(address: string): boolean {
  const key = emailKey(address)
  return key !== undefined && isRoleMailbox(key)
}

/** Which fields tell who a record is; a rule says more than a type, a type more than a name. */
export function personFieldsOf(fields: readonly IdentityField[]): PersonFields {
  const named = (name: string) => fields.filter(({ type, rules }) => matchKeyNameOf(type, rules) === name)
  const byName = (pattern: RegExp) =>
    fields.filter(({ name, type }) => pattern.test(name) && !['json', 'boolean', 'choice', 'choices'].includes(type))
  const orNamed = (found: readonly IdentityField[], pattern: RegExp) => (found.length > 0 ? found : byName(pattern))
  return {
    emails: orNamed(named('email'), /^e?_?mail$/).map(({ name }) => name),
    linkedins: orNamed(named('linkedin'), /linkedin/).map(({ name }) => name),
    phones: named('phone').map(({ name, rules }) => ({ field: name, region: regionOf(rules) })),
    person: orNamed(named('person'), /^(full_?name|name|lead_name)$/)[0]?.name ?? null,
  }
}

function regionOf(rules: readonly RuleUse[]): string | null {
  const region = rules.map(({ options }) => options.region).find((one) => typeof one === 'string')
  return typeof region === 'string' ? region : null
}

/** The texts of a record by the table's person fields. `cellOf` gives a cell by its field; what is no text tells nothing. */
export function personTextsOf(fields: PersonFields, cellOf: (field: string) => unknown): PersonTexts {
  const text = (field: string): string | undefined => {
    const cell = cellOf(field)
    if (typeof cell === 'string') return cell.trim() === '' ? undefined : cell
    return typeof cell === 'number' || typeof cell === 'bigint' ? String(cell) : undefined
  }
  const texts = (names: readonly string[]) => names.map(text).filter((one) => one !== undefined)
  return {
    emails: texts(fields.emails),
    linkedins: texts(fields.linkedins),
    phones: fields.phones.flatMap(({ field, region }) => {
      const found = text(field)
      return found === undefined ? [] : [{ text: found, region: region ?? undefined }]
    }),
    person: fields.person === null ? undefined : text(fields.person),
  }
}
