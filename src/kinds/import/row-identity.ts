/** Names for source rows that stay the same from look to look, and keys for the leads that come from them. */
import { createHash } from 'node:crypto'
import { fingerprintOf, type SourceRow } from './source-row.ts'

/**
 * The file or table with the row's own id, or, where it has none, what it says: a row without an id that moves to another
 * place or file is the same row.
 */
export function rowIdentity(row: SourceRow): string {
  return row.id === undefined ? `=${fingerprintOf(row, () => null)}` : `${row.place.file}#${row.id}`
}

/** The key of the lead that comes from a row which brings no usable key: a version 8 UUID, the same at every look. */
export function derivedKey(importName: string, identity: string): string {
  const digits = createHash('sha256').update(`${importName}\0${identity}`).digest('hex')
  const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}
