/** Reads a table for the records of people: by what they are recognised, in plain or as marks. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { Cell } from '../../values/field-type.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'
import { erasedBy } from './marks.ts'
import {
  type PersonLayout,
  type PersonPlace,
  type PersonRow,
  personRowOf,
  readPersonLayout,
  selectionOf,
} from './person-layout.ts'

/** Whom is looked for. */
export const wantedSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('identities'), identities: z.array(z.string()) }),
  z.strictObject({ is: z.literal('marks'), key: z.string(), marks: z.array(z.string()) }),
])
export type Wanted = z.output<typeof wantedSchema>

/** Rows read at once, so that no statement stays open for long. */
const windowRows = 2000
/** More rows of one person, or of all suppressed ones together, are dealt with by looking again. */
export const foundRowsMax = 1000

/** The records of a table that are of the wanted people, by rowid; at most {@link foundRowsMax}. */
export function findRows(
  db: Database,
  place: PersonPlace,
  wanted: Wanted,
  options: {
    readonly rowIds?: readonly number[] | undefined
    readonly signal?: AbortSignal | undefined
    readonly progress?: ((done: number, total: number) => void) | undefined
  } = {},
): readonly PersonRow[] {
  const layout = readPersonLayout(db, place)
  if (layout === undefined) return []
  const isWanted = testOf(wanted)
  const found: PersonRow[] = []
  let done = 0
  for (const rows of windowsOf(db, layout, options.rowIds)) {
    options.signal?.throwIfAborted()
    for (const cells of rows) {
      const row = personRowOf(place, layout, cells)
      if (isWanted(row.identities)) found.push(row)
      if (found.length >= foundRowsMax) return found
    }
    done += rows.length
    options.progress?.(done, done)
  }
  return found
}

/** The first record with a key, as a person or program gives it; undefined where there is none. */
export function findByKey(db: Database, place: PersonPlace, key: string): PersonRow | undefined {
  const layout = readPersonLayout(db, place)
  if (layout === undefined) return undefined
  const sql = `SELECT ${selectionOf(layout)} FROM ${tableOf(layout)} WHERE ${quoteIdentifier(layout.keyColumn)} = ? LIMIT 1`
  const row = db.prepare<[string], Cell[]>(sql).raw(true).get(key)
  return row === undefined ? undefined : personRowOf(place, layout, row)
}

function testOf(wanted: Wanted): (identities: readonly string[]) => boolean {
  if (wanted.is === 'marks') return erasedBy(wanted)
  const known = new Set(wanted.identities)
  return (identities) => identities.some((identity) => known.has(identity))
}

function tableOf({ schema }: PersonLayout): string {
  return `main.${quoteIdentifier(schema.name)}`
}

/**
 * The rows of a table, or some of them, in portions.
 * @param only an SQL condition that narrows them
 */
export function* windowsOf(
  db: Database,
  layout: PersonLayout,
  rowIds: readonly number[] | undefined,
  only = '1',
): Generator<readonly Cell[][]> {
  const { rowId } = layout
  const selection = `SELECT ${selectionOf(layout)} FROM ${tableOf(layout)} WHERE (${only})`
  if (rowId === undefined) {
    const all = db.prepare<[number], Cell[]>(`${selection} LIMIT ${windowRows} OFFSET ?`).raw(true)
    for (let from = 0, full = true; full; from += windowRows) {
      const rows = all.all(from)
      yield rows
      full = rows.length === windowRows
    }
    return
  }
  if (rowIds !== undefined) {
    const named = `${selection} AND ${rowId} IN (SELECT value FROM json_each(?)) ORDER BY ${rowId}`
    yield db.prepare<[string], Cell[]>(named).raw(true).all(JSON.stringify(rowIds))
    return
  }
  const next = db
    .prepare<[number], Cell[]>(`${selection} AND ${rowId} > ? ORDER BY ${rowId} LIMIT ${windowRows}`)
    .raw(true)
  for (let after = Number.MIN_SAFE_INTEGER, full = true; full; ) {
    const rows = next.all(after)
    yield rows
    full = rows.length === windowRows
    after = Number(rows.at(-1)?.[0] ?? after)
  }
}
