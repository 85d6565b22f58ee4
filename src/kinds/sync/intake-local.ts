/**
 * Takes note of what changed in the table since the last look: every row that was written has a pair that is dirty
 * afterwards. It may say too much, never too little.
 */
import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { placeIn, readChangeLog } from '../../targets/sqlite/change-log.ts'
import type { LocalTable } from './local-table.ts'
import { newPair, type Pair } from './store/pair.ts'
import type { TableStore } from './store/store.ts'

export interface LocalIntake {
  readonly db: Database
  readonly table: LocalTable
  readonly store: TableStore
  /** Hash of what the mapping depends on: another one makes every pair worth a comparison. */
  readonly mark: string
  readonly nowMs: number
  /** Looks at every row, whatever the change table says. */
  readonly whole: boolean
  readonly signal: AbortSignal
}

/** More rows than this are taken in by reading all keys. */
const changedRowsMax = 20_000
const chunkRows = 2000

const cursorName = 'local-cursor'
const markName = 'local-mark'

export async function takeLocal(intake: LocalIntake): Promise<void> {
  const { db, table, store, mark, whole } = intake
  const reading = readChangeLog(db, table.name, placeIn(store.get(cursorName)), changedRowsMax)
  const isNew = store.get(markName) !== mark
  if (reading.is === 'rows' && !isNew && !whole) {
    if (reading.rowIds.length > 0) takeRows(intake, reading.rowIds)
    // INSERT OR REPLACE deletes without a trigger (measured with Python 3.40): then there are fewer rows than pairs.
    if (reading.rowIds.length > 0 && table.count() !== store.pairs.localCount()) await takeAll(intake, false)
  } else {
    await takeAll(intake, true)
  }
  store.transaction(() => {
    store.set(cursorName, `${reading.lastSeq ?? ''}`)
    store.set(markName, mark)
  })
}

function takeRows({ table, store, nowMs }: LocalIntake, rowIds: readonly number[]): void {
  const { pairs } = store
  store.transaction(() => {
    const there = new Set<number>()
    for (const row of table.rowsAt(rowIds)) {
      there.add(row.rowId)
      const known = pairs.get(row.keyText) ?? newPair(row.keyText)
      pairs.put(seen(known, row.rowId, row.changedMs ?? nowMs))
      const former = pairs.byRowId(row.rowId)
      // The row was given another key: the pair of the former one has lost its row.
      if (former !== undefined && former.key !== row.keyText) pairs.put({ ...former, rowId: null, dirty: true })
    }
    for (const rowId of rowIds) {
      if (there.has(rowId)) continue
      const pair = pairs.byRowId(rowId)
      if (pair !== undefined) pairs.put({ ...pair, localAtMs: nowMs, dirty: true })
    }
  })
}

function seen(pair: Pair, rowId: number, atMs: number): Pair {
  return { ...pair, rowId, localAtMs: atMs, local: 'there', dirty: true, held: null }
}

/** Meets every row with a pair, and every pair whose row is gone. */
async function takeAll({ table, store, nowMs, signal }: LocalIntake, compareAll: boolean): Promise<void> {
  const { pairs } = store
  const missing = new Set(pairs.localKeys())
  let after = Number.MIN_SAFE_INTEGER
  for (;;) {
    const rows = table.keysAfter(after, chunkRows)
    store.transaction(() => {
      for (const { rowId, keyText } of rows) {
        missing.delete(keyText)
        const known = pairs.get(keyText)
        if (known === undefined) pairs.put({ ...newPair(keyText), rowId, localAtMs: null, local: 'there' })
        else if (known.local !== 'there' || known.rowId !== rowId) {
          pairs.put({ ...known, rowId, local: 'there', dirty: true })
        }
      }
    })
    const last = rows.at(-1)
    if (last === undefined || rows.length < chunkRows) break
    after = last.rowId
    // Reading must not hold up the API.
    await setImmediate()
    signal.throwIfAborted()
  }
  store.transaction(() => {
    for (const key of missing) {
      const pair = pairs.get(key)
      if (pair !== undefined) pairs.put({ ...pair, localAtMs: nowMs, dirty: true })
    }
    if (compareAll) pairs.dirtyAll()
  })
}
