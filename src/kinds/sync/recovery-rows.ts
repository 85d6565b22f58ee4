/**
 * What Airtable holds of a mirrored table, as rows of it, for a database that was damaged: each record whose key is known,
 * its cells brought through the mapping of the sync as a pull does. Changes nothing, here or there.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import type { CallUsage, RemoteRecord } from '../../targets/airtable/ports.ts'
import { readWholeTable } from '../../targets/airtable/whole-table.ts'
import type { Cell } from '../../values/field-type.ts'
import { keyIn } from './adopt.ts'
import { personIdentitiesOf } from './identity.ts'
import { type OpenParts, openParts, type SyncPorts } from './parts.ts'
import { type Reading, readRemote, writeLocal } from './reading.ts'
import type { SyncSpec } from './spec.ts'

/** The mirror of one table of a database. */
export interface MirrorOfTable {
  /** The table's name in the desired state. */
  readonly name: string
  /** Its name in SQLite, and its key column. */
  readonly table: string
  readonly key: string
}

/** Records that are no rows of the table, though Airtable has them. */
export interface LeftOut {
  /** Of people who were erased. */
  erased: number
  /** Of rows that the sync saw deleted here. */
  deleted: number
}

export interface MirrorReader {
  of(database: string): readonly MirrorOfTable[]
  /**
   * Writes the rows into a private file as JSON Lines: `key`, `createdMs` of the record, `cells` by field. Throws AIRTABLE_*
   * (AIRTABLE_QUOTA_EXHAUSTED where the calls that are declared for the month are used up), SUPPRESSION_KEY_LOST, DATABASE_*.
   */
  read(name: string, into: string, signal: AbortSignal): Promise<LeftOut>
}

export function createMirrorReader(
  ports: SyncPorts & { readonly mirrors: () => readonly Declared<SyncSpec>[] },
): MirrorReader {
  return {
    of: (database) =>
      ports
        .mirrors()
        .filter(({ spec }) => spec.database === database)
        .map(({ key, spec }) => ({ name: key.name, table: spec.table, key: spec.key })),
    async read(name, into, signal) {
      const spec = ports.specOf(name)
      if (spec === undefined) throw new OperationalError('NOT_FOUND', `${name} is not mirrored in Airtable any more`)
      const reading = await openParts({ name, spec }, ports, signal)
      if (reading.is === 'unready') throw new OperationalError('AIRTABLE_NOT_FOUND', reading.message)
      return readRows(reading.parts, ports, into, signal)
    },
  }
}

async function readRows(
  parts: OpenParts,
  ports: Pick<SyncPorts, 'isErased'>,
  into: string,
  signal: AbortSignal,
): Promise<LeftOut> {
  const { base } = parts.target
  const left: LeftOut = { erased: 0, deleted: 0 }
  const reader = {
    begin() {
      Object.assign(left, { erased: 0, deleted: 0 })
      rmSync(into, { force: true })
      writeFileSync(into, '', { flag: 'wx', mode: 0o600 })
    },
    take(records: readonly RemoteRecord[]) {
      const rows = records.flatMap((record) => rowOf(record, parts, ports, left) ?? [])
      appendFileSync(into, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    },
    mayAsk: () => refuseOverBudget(base.usage()),
  }
  await readWholeTable(base, parts.mapping.tableId, reader, signal)
  return left
}

/** A recovery is no reason to spend what the owner said is not to be spent. */
function refuseOverBudget({ calls, limit, exhaustedSinceMs }: CallUsage): void {
  if (limit !== undefined && calls >= limit)
    throw new OperationalError(
      'AIRTABLE_QUOTA_EXHAUSTED',
      `the ${limit} calls that are declared for the month are used up`,
    )
  if (exhaustedSinceMs !== undefined)
    throw new OperationalError('AIRTABLE_QUOTA_EXHAUSTED', 'Airtable refuses calls: those of the month are used up')
}

interface MirroredRow {
  readonly key: string
  readonly createdMs: number
  readonly cells: Readonly<Record<string, Cell>>
}

/** Undefined where the record is none of the table's rows, or must not be one. */
function rowOf(
  record: RemoteRecord,
  { mapping, spec, store }: OpenParts,
  { isErased }: Pick<SyncPorts, 'isErased'>,
  left: LeftOut,
): MirroredRow | undefined {
  const key = keyOf(record, { mapping, store })
  if (key === undefined) return undefined
  const readings = new Map<string, Reading>(
    mapping.fields.map(({ field, remote }) => [field.name, readRemote(field, remote, record.fields[remote.id])]),
  )
  if (isErased(personIdentitiesOf({ table: spec.table, key }, mapping.fields, (field) => readings.get(field)))) {
    left.erased += 1
    return undefined
  }
  if (store.pairs.get(key)?.local === 'gone') {
    left.deleted += 1
    return undefined
  }
  // What does not fit the column stays empty; the sync tells it once the row is there.
  const cells = mapping.fields.flatMap(({ field }): [string, Cell][] => {
    const reading = readings.get(field.name)
    return reading?.is === 'value' ? [[field.name, writeLocal(field, reading.value)]] : []
  })
  return { key, createdMs: record.createdMs, cells: Object.fromEntries(cells) }
}

/**
 * The key of the row that the record mirrors, by what the sync remembers of it, else by its key field. A copy that somebody
 * made of a record, a repeated lead, and a record that never was a row here are left to the sync.
 */
function keyOf(record: RemoteRecord, { mapping, store }: Pick<OpenParts, 'mapping' | 'store'>): string | undefined {
  const written = keyIn(record, mapping)
  const pair = store.pairs.byRecord(record.id)
  if (pair !== undefined) {
    if (pair.twinOf !== null) return undefined
    return written === pair.key || pair.local !== 'never' ? pair.key : undefined
  }
  const owner = written === undefined ? undefined : store.pairs.get(written)?.rec
  return owner === undefined || owner === null || owner === record.id ? written : undefined
}
