/**
 * Proves that both sides are equal, or says where they are not: reads every record of Airtable and every row of the table
 * and compares them field by field, whatever the memory of the sync believes.
 */
import { setImmediate } from 'node:timers/promises'
import { OperationalError } from '../../errors.ts'
import type { RemoteRecord } from '../../targets/airtable/ports.ts'
import { keyIn } from './adopt.ts'
import { type OpenParts, openParts, type SyncPorts, withTable } from './parts.ts'
import { type Mark, markOf, readLocal, readRemote, sameMark, sameMeaning } from './reading.ts'
import type { SyncSpec } from './spec.ts'

export interface Difference {
  /** Key of the lead; empty where the record has none. */
  readonly key: string
  readonly recordId: string | null
  /** Empty where the record as a whole is meant. */
  readonly field: string
  readonly local: Mark
  readonly remote: Mark
  readonly why:
    | 'differs'
    /** Left apart on purpose: an undo, a choice, a field of one direction. */
    | 'apart'
    | 'only-here'
    | 'only-in-airtable'
    /** Two records of Airtable hold the same key. */
    | 'doubled'
}

export interface Verification {
  readonly table: string
  readonly localCount: number
  readonly remoteCount: number
  /** Leads that both sides have, and cells of them that were compared. */
  readonly compared: number
  readonly cells: number
  readonly equal: boolean
  readonly differenceCount: number
  /** The first ones. */
  readonly differences: readonly Difference[]
}

export interface VerifyOptions {
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
}

const differencesMax = 1000
const chunkRows = 500

export async function verify(
  resource: { readonly name: string; readonly spec: SyncSpec },
  ports: SyncPorts,
  options: VerifyOptions,
): Promise<Verification> {
  const reading = await openParts(resource, ports, options.signal)
  if (reading.is === 'unready') throw new OperationalError('NOT_FOUND', reading.message)
  const { parts } = reading
  const remote = await allRecords(parts, options)
  const found = createFindings()
  const byKey = recordsByKey(remote, parts, found)
  return withTable(parts, ports, async (_, table) => {
    let after = Number.MIN_SAFE_INTEGER
    let localCount = 0
    let compared = 0
    for (;;) {
      const keys = table.keysAfter(after, chunkRows)
      const last = keys.at(-1)
      if (last === undefined) break
      after = last.rowId
      const rows = table.rowsOf(keys.map(({ keyText }) => keyText))
      for (const [key, row] of rows) {
        localCount += 1
        const record = byKey.get(key)
        byKey.delete(key)
        if (record === undefined) {
          found.add({ key, recordId: null, field: '', local: key, remote: null, why: 'only-here' })
          continue
        }
        compared += 1
        compareCells(key, row.cells, record, parts, found)
      }
      options.progress(localCount, remote.length)
      await setImmediate()
      options.signal.throwIfAborted()
    }
    for (const [key, record] of byKey) {
      found.add({ key, recordId: record.id, field: '', local: null, remote: record.id, why: 'only-in-airtable' })
    }
    return {
      table: resource.name,
      localCount,
      remoteCount: remote.length,
      compared,
      cells: found.cells(),
      equal: found.count() === 0,
      differenceCount: found.count(),
      differences: found.first(),
    }
  })
}

interface Findings {
  add(difference: Difference): void
  compared(): void
  count(): number
  cells(): number
  first(): readonly Difference[]
}

function createFindings(): Findings {
  const first: Difference[] = []
  let count = 0
  let cells = 0
  return {
    add(difference) {
      count += 1
      if (first.length < differencesMax) first.push(difference)
    },
    compared: () => {
      cells += 1
    },
    count: () => count,
    cells: () => cells,
    first: () => first,
  }
}

async function allRecords({ target, mapping }: OpenParts, options: VerifyOptions): Promise<readonly RemoteRecord[]> {
  const { signal } = options
  const records: RemoteRecord[] = []
  let offset: string | undefined
  do {
    const query = offset === undefined ? {} : { offset }
    const page = await target.base.list(mapping.tableId, query, { signal, priority: 'read' })
    records.push(...page.records)
    offset = page.offset
    options.progress(records.length, 0)
  } while (offset !== undefined)
  return records
}

/** By the key that the record holds, else by the one that the sync gave it. */
function recordsByKey(
  records: readonly RemoteRecord[],
  { mapping, store }: OpenParts,
  found: Findings,
): Map<string, RemoteRecord> {
  const byKey = new Map<string, RemoteRecord>()
  for (const record of records) {
    const key = keyIn(record, mapping) ?? store.pairs.byRecord(record.id)?.key ?? ''
    const known = byKey.get(key)
    if (known !== undefined || key === '') {
      const why = key === '' ? 'only-in-airtable' : 'doubled'
      found.add({ key, recordId: record.id, field: '', local: null, remote: known?.id ?? record.id, why })
    } else {
      byKey.set(key, record)
    }
  }
  return byKey
}

function compareCells(
  key: string,
  cells: Readonly<Record<string, Parameters<typeof readLocal>[1]>>,
  record: RemoteRecord,
  { mapping, store }: OpenParts,
  found: Findings,
): void {
  for (const { field, remote } of mapping.fields) {
    const cell = cells[field.name]
    if (cell === undefined) continue
    found.compared()
    const [here, there] = [readLocal(field, cell), readRemote(field, remote, record.fields[remote.id])]
    if (sameMeaning(field, remote, here, there)) continue
    const base = store.pairs.get(key)?.base?.[field.name]
    const isApart = base !== undefined && sameMark(base.local, markOf(here)) && sameMark(base.remote, markOf(there))
    found.add({
      key,
      recordId: record.id,
      field: field.name,
      local: markOf(here),
      remote: markOf(there),
      why: isApart ? 'apart' : 'differs',
    })
  }
}
