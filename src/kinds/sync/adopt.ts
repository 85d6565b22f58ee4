/**
 * Pairs a record of Airtable that was never seen with the lead that it means: by our key, else by e-mail or LinkedIn
 * address, else as a lead of its own. Never makes two pairs of one lead, and never joins two leads into one.
 */
import type { RemoteRecord } from '../../targets/airtable/ports.ts'
import { identitiesOf, keyOfRecord } from './identity.ts'
import type { SyncMapping } from './mapping.ts'
import { readRemote } from './reading.ts'
import { newPair, type Pair } from './store/pair.ts'
import type { Pairs } from './store/pairs.ts'

export interface Adoption {
  readonly pairs: Pairs
  readonly mapping: SyncMapping
  readonly baseId: string
}

/** The pair that a record belongs to, made or found; to be stored with the record's cells. */
export function adopt(record: RemoteRecord, { pairs, mapping, baseId }: Adoption): Pair {
  const written = keyIn(record, mapping)
  if (written !== undefined) {
    const pair = pairs.get(written)
    // A copy of a record in Airtable copies its key: the older record keeps it, the copy is a lead of its own.
    if (pair === undefined) return newPair(written)
    if (pair.rec === null || pair.rec === record.id) return pair
  }
  const own = keyOfRecord(baseId, record.id)
  const known = pairs.get(own)
  if (known !== undefined && (known.rec === null || known.rec === record.id)) return known
  const hashes = identitiesOfRecord(record, mapping)
  const candidates = [...new Set(hashes.flatMap((hash) => pairs.identified(hash, 'local')))].flatMap(
    (key) => pairs.get(key) ?? [],
  )
  const free = candidates.filter((pair) => pair.rec === null && pair.local === 'there')
  const [first] = free
  if (first !== undefined) return first
  // The lead has its record already: this one repeats it, and is not taken over beside it.
  const taken = candidates.find((pair) => pair.rec !== null && pair.remote === 'there')
  return taken === undefined ? newPair(own) : { ...newPair(own), twinOf: taken.key }
}

/** What our key field holds. */
export function keyIn(record: Pick<RemoteRecord, 'fields'>, mapping: SyncMapping): string | undefined {
  const cell = record.fields[mapping.keyField.id]
  return typeof cell === 'string' && cell.trim() !== '' ? cell.trim() : undefined
}

/** By what a record of Airtable can be recognised. */
export function identitiesOfRecord(record: Pick<RemoteRecord, 'fields'>, mapping: SyncMapping): string[] {
  return identitiesOf(mapping.fields, ({ field, remote }) => readRemote(field, remote, record.fields[remote.id]))
}
