/**
 * The exact changes of one merge: what refers to the records that go refers to the one that stays, they go, and it takes
 * what it lacks. In this order, so that no foreign key breaks and no unique value is held twice.
 */

import type { Database, Statement } from 'better-sqlite3'
import type { Change } from '../../targets/sqlite/ports.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { cellOf } from '../../targets/sqlite/table-access.ts'
import type { Cell } from '../../values/field-type.ts'
import type { Layout, Reference } from './layout.ts'
import type { GroupRow, Survival } from './survivorship.ts'

/** Reads records and what refers to them. Cells come as they can be written back. */
export interface GroupReader {
  /** The records at these places, without those that are gone. */
  rowsAt(rowIds: readonly number[]): readonly GroupRow[]
  /** The records with these keys. */
  rowsWith(keys: readonly string[]): readonly GroupRow[]
  /** @param unit what the changes are made together by */
  changesOf(survival: Survival, unit: number): readonly Change[]
}

/** Opens the reading side of merges over one connection. */
export function groupReader(db: Database, layout: Layout): GroupReader {
  const select = `SELECT ${layout.rowId}, ${layout.columns.map(quoteIdentifier).join(', ')} FROM ${quoteIdentifier(layout.table)}`
  const list = (ids: string) => `(SELECT value FROM json_each(${ids}))`
  const byRowId = raw(db, `${select} WHERE ${layout.rowId} IN ${list('?')} ORDER BY ${layout.rowId}`)
  const byKey = raw(db, `${select} WHERE ${quoteIdentifier(layout.keyColumn)} IN ${list('?')} ORDER BY ${layout.rowId}`)
  const rowsOf = (found: readonly unknown[]) => found.flatMap((row) => rowOf(row, layout))
  const references = layout.references.map((reference) => referenceReader(db, reference, layout.table))
  return {
    rowsAt: (rowIds) => rowsOf(byRowId.all(JSON.stringify(rowIds))),
    rowsWith: (keys) => rowsOf(byKey.all(JSON.stringify(keys))),
    changesOf({ survivor, losers, changes }, unit) {
      const moved = references.flatMap((reader) => reader.moves(survivor, losers))
      const removed = losers.map((row): Change => ({ is: 'delete', rowId: row.rowId, key: row.key, row: row.cells }))
      const { rowId, key } = survivor
      const filled = changes.map(
        ({ column, before, after }): Change => ({ is: 'cell', rowId, key, column, before, after }),
      )
      return [...moved, ...removed, ...filled].map((change) => ({ ...change, unit }))
    },
  }
}

/** What stamps of the survivor become, for the end of its unit; nothing where nothing of it changes. */
export function stampChanges(
  layout: Layout,
  survival: Survival,
  unit: number,
  stamp: (type: 'date' | 'datetime') => string,
) {
  const { survivor, changes } = survival
  if (changes.length === 0) return []
  return layout.stamps.flatMap(({ column, type }): Change[] => {
    if (changes.some((change) => change.column === column)) return []
    const { rowId, key, cells } = survivor
    return [{ is: 'cell', rowId, key, column, before: cells[column] ?? null, after: stamp(type), follows: true, unit }]
  })
}

interface ReferenceReader {
  /** What has to be done to the records that refer to the losers. */
  moves(survivor: GroupRow, losers: readonly GroupRow[]): readonly Change[]
}

function referenceReader(db: Database, reference: Reference, own: string): ReferenceReader {
  const isOwn = reference.table === own
  const { table, rowId, columns, keyColumn, column } = reference
  const select = `SELECT ${rowId}, ${columns.map(quoteIdentifier).join(', ')} FROM ${quoteIdentifier(table)}`
  const referring = raw(db, `${select} WHERE ${quoteIdentifier(column)} = ? ORDER BY ${rowId}`)
  const of = { table, keyColumn }
  return {
    moves(survivor, losers) {
      const going = new Set(isOwn ? losers.map((loser) => loser.rowId) : [])
      const taken = new Set<string>()
      const placesOf = (cells: Readonly<Record<string, Cell>>) =>
        reference.unique.flatMap((group, at) => {
          const others = group.filter((one) => one !== column).map((one) => cells[one] ?? null)
          return others.includes(null) ? [] : [`${at}\0${others.map(textOf).join('\0')}`]
        })
      if (reference.unique.length > 0)
        for (const row of rowsOf(referring.all(bound(survivor.key)), reference))
          for (const place of placesOf(row.cells)) taken.add(place)
      return losers.flatMap((loser) =>
        rowsOf(referring.all(bound(loser.key)), reference).flatMap((row): readonly Change[] => {
          if (going.has(row.rowId)) return []
          const places = placesOf(row.cells)
          // The survivor has one like it already, and there may be one only: it goes along with the loser.
          if (places.some((place) => taken.has(place)))
            return [{ is: 'delete', rowId: row.rowId, key: row.key, row: row.cells, of }]
          for (const place of places) taken.add(place)
          const { rowId: at, key } = row
          // A record does not refer to itself because it was merged with what it referred to.
          const after = isOwn && at === survivor.rowId ? null : survivor.key
          return [{ is: 'cell', rowId: at, key, column, before: loser.key, after, of }]
        }),
      )
    },
  }
}

function rowsOf(found: readonly unknown[], { columns, keyColumn }: Reference): readonly GroupRow[] {
  return found.flatMap((row) => rowOf(row, { columns, keyColumn }))
}

function rowOf(row: unknown, { columns, keyColumn }: Pick<Layout, 'columns' | 'keyColumn'>): GroupRow[] {
  if (!Array.isArray(row)) return []
  const cells = Object.fromEntries(columns.map((column, at) => [column, cellOf(row[at + 1])]))
  return [{ rowId: Number(row[0]), key: cells[keyColumn] ?? null, cells }]
}

function raw(db: Database, sql: string): Statement<[unknown]> {
  return db.prepare<[unknown]>(sql).safeIntegers().raw()
}

/** better-sqlite3 binds every number as REAL. */
function bound(cell: Cell): unknown {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? BigInt(cell) : cell
  return cell instanceof Uint8Array ? Buffer.from(cell) : cell
}

function textOf(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : `${typeof cell}:${cell}`
}
