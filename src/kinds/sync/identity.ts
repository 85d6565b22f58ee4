/**
 * By what a lead is recognised where no key joins two records: e-mail address and LinkedIn profile, as hashes, so that
 * the file that keeps them holds no addresses.
 */
import { createHash } from 'node:crypto'
import {
  identitiesOf as identitiesOfPerson,
  keyIdentity,
  type PersonFields,
  personFieldsOf,
  personTextsOf,
} from '../../values/identity.ts'
import { matchKey } from '../../values/match-key.ts'
import type { MappedField } from './mapping.ts'
import type { Reading } from './reading.ts'

/** Hashes of the identities that a record's values hold; empty where there is none. */
export function identitiesOf(fields: readonly MappedField[], readingOf: (mapped: MappedField) => Reading): string[] {
  const found = new Set<string>()
  for (const mapped of fields) {
    const { identity } = mapped.field
    if (identity === null) continue
    const reading = readingOf(mapped)
    if (reading.is !== 'value' || typeof reading.value !== 'string') continue
    const key = matchKey(identity, reading.value)
    if (key !== undefined) found.add(hashed(`${identity}:${key}`))
  }
  return [...found]
}

const personFieldsIn = new WeakMap<readonly MappedField[], PersonFields>()

/**
 * By what the suppression list knows a person, in plain: of the record's key and of its values on one side. `key` is that of
 * the pair, `table` the table's name in SQLite.
 */
export function personIdentitiesOf(
  record: { readonly table: string; readonly key: string },
  fields: readonly MappedField[],
  readingOf: (field: string) => Reading | undefined,
): readonly string[] {
  const known = personFieldsIn.get(fields) ?? personFieldsOf(fields.map(({ field }) => field))
  personFieldsIn.set(fields, known)
  const texts = personTextsOf(known, (field) => {
    const reading = readingOf(field)
    return reading?.is === 'value' ? reading.value : undefined
  })
  const own = keyIdentity(record.table, record.key)
  return [...(own === undefined ? [] : [own]), ...identitiesOfPerson(texts)]
}

/**
 * The key of a lead that was made in Airtable: always the same for the same record, so that however often its take-over
 * is cut off, or our memory lost, it is one lead. A UUID in form (version 8, RFC 9562: made by a rule of our own).
 */
export function keyOfRecord(baseId: string, recordId: string): string {
  const hash = hashed(`${baseId}/${recordId}`)
  const variant = ((Number.parseInt(hash[16] ?? '0', 16) & 3) | 8).toString(16)
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
