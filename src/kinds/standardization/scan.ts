/**
 * One pass over rows and their rules. Rows are read in windows by rowid, each a statement of its own, so that a long look
 * never keeps a snapshot and with it the WAL of the programs that write; outcomes come in rowid order.
 */
import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { invariant } from '../../errors.ts'
import type { Change } from '../../targets/sqlite/ports.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import { type CellRules, cellRules } from './cell-rules.ts'
import type { Layout, PlacedField } from './layout.ts'

/** Hears what the scan finds, by the position of the field in the layout. */
export interface ScanSink {
  /** Neither null nor empty text. */
  readonly filled: (field: number) => void
  /** `stamped` are the row's cells of the layout's stamps. */
  readonly changed: (field: number, change: Change & { readonly is: 'cell' }, stamped: readonly Stamped[]) => void
  readonly unmendable: (field: number, rowId: number, key: string, reason: string) => void
}

/** A cell that holds the moment of its row's last update. */
export interface Stamped {
  readonly column: string
  readonly type: 'date' | 'datetime'
  readonly before: Cell
}

export interface ScanOptions {
  /** Only these rows, ascending; all when undefined. */
  readonly rowIds?: readonly number[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((done: number, total: number) => void) | undefined
}

const windowRows = 2000
/** SQLite passes at most 127 arguments to a function. */
const aggregateColumnsMax = 100

/** The key of a record for people; records without one are named by their place. */
export function keyTextOf(key: Cell, rowId: number): string {
  return key === null || key === '' || key instanceof Uint8Array ? `row ${rowId}` : `${key}`
}

/** Looks at the rows of the layout's table; gives how many there were. */
export async function scan(db: Database, layout: Layout, sink: ScanSink, options: ScanOptions = {}): Promise<number> {
  const prepared = prepare(layout)
  const uniqueness = uniquenessOf(db, layout)
  const found: Found[] = []
  const visit = (values: readonly Cell[]) => judge(values, prepared, sink, found)
  const windows =
    options.rowIds === undefined
      ? allRows(db, layout, prepared, visit)
      : someRows(db, layout, prepared, visit, options.rowIds)
  const total =
    options.rowIds?.length ??
    db
      .prepare<[], number>(`SELECT coalesce(max(${layout.rowId}), 0) FROM ${quoteIdentifier(layout.table)}`)
      .pluck()
      .get() ??
    0
  let rows = 0
  for (const { read, place } of windows) {
    rows += read
    for (const one of found) report(one, layout, uniqueness, sink)
    found.length = 0
    options.progress?.(Math.min(place, total), total)
    await setImmediate()
    options.signal?.throwIfAborted()
  }
  return rows
}

interface Prepared {
  readonly columns: readonly string[]
  readonly fields: readonly { readonly rules: CellRules; readonly at: number; readonly siblingsAt: readonly number[] }[]
  readonly stamps: readonly { readonly column: string; readonly type: 'date' | 'datetime'; readonly at: number }[]
}

/** Column order of every window: rowid, key, then each column that is needed, once. */
function prepare(layout: Layout): Prepared {
  const columns: string[] = []
  const positionOf = (column: string) => {
    const at = columns.indexOf(column)
    return 2 + (at >= 0 ? at : columns.push(column) - 1)
  }
  const fields = layout.fields.map(({ field, column }) => {
    const rules = cellRules(field)
    const siblingsAt = rules.siblings.map((name) => {
      const sibling = layout.columns.get(name)
      return sibling === undefined ? -1 : positionOf(sibling)
    })
    return { rules, at: positionOf(column), siblingsAt }
  })
  const stamps = layout.stamps.map((stamp) => ({ ...stamp, at: positionOf(stamp.column) }))
  return { columns, fields, stamps }
}

/** A cell that is not in standard form, until its window has been read. */
type Found =
  | {
      readonly is: 'changed'
      readonly field: number
      readonly change: Change & { readonly is: 'cell' }
      readonly stamped: readonly Stamped[]
    }
  | {
      readonly is: 'unmendable'
      readonly field: number
      readonly rowId: number
      readonly key: string
      readonly reason: string
    }

const noCells: readonly Cell[] = []
const noStamps: readonly Stamped[] = []

function judge(values: readonly Cell[], prepared: Prepared, sink: ScanSink, found: Found[]): void {
  const { fields } = prepared
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]
    if (field === undefined) continue
    const cell = values[field.at] ?? null
    const siblings = field.siblingsAt.length === 0 ? noCells : field.siblingsAt.map((at) => values[at] ?? null)
    const outcome = field.rules.outcomeOf(cell, siblings)
    if (outcome.is === 'empty') continue
    sink.filled(index)
    if (outcome.is === 'canonical') continue
    const rowId = Number(values[0])
    const key = values[1] ?? null
    if (outcome.is === 'unmendable') {
      found.push({ is: 'unmendable', field: index, rowId, key: keyTextOf(key, rowId), reason: outcome.reason })
    } else {
      const column = prepared.columns[field.at - 2] ?? ''
      found.push({
        is: 'changed',
        field: index,
        change: { is: 'cell', rowId, key, column, before: cell, after: outcome.after },
        stamped: prepared.stamps.length === 0 ? noStamps : stampedIn(values, prepared, column),
      })
    }
  }
}

/** The row's stamps, but for the column that is changed itself and for bytes that cannot be written back as they were. */
function stampedIn(values: readonly Cell[], { stamps }: Prepared, changed: string): readonly Stamped[] {
  return stamps.flatMap(({ column, type, at }) => {
    const before = values[at] ?? null
    const isLossy = typeof before === 'string' && before.includes('\ufffd')
    return column === changed || isLossy ? [] : [{ column, type, before }]
  })
}

function report(found: Found, layout: Layout, uniqueness: Uniqueness, sink: ScanSink): void {
  if (found.is === 'unmendable') {
    sink.unmendable(found.field, found.rowId, found.key, found.reason)
    return
  }
  const { change } = found
  const place = layout.fields[found.field]
  if (place?.unique === true && uniqueness.isTaken(place, change)) {
    const reason = 'has a standard form that another record holds already: merge the two first'
    sink.unmendable(found.field, change.rowId, keyTextOf(change.key, change.rowId), reason)
  } else {
    sink.changed(found.field, change, found.stamped)
  }
}

interface Uniqueness {
  /** Whether another row has, or was found earlier to get, the new value. Where not, the row gets it. */
  isTaken(place: PlacedField, change: Change & { readonly is: 'cell' }): boolean
}

function uniquenessOf(db: Database, layout: Layout): Uniqueness {
  const table = quoteIdentifier(layout.table)
  const byColumn = new Map(
    layout.fields
      .filter((place) => place.unique)
      .map(({ column }) => [
        column,
        {
          other: db
            .prepare<[Cell, number], number>(
              `SELECT 1 FROM ${table} WHERE ${quoteIdentifier(column)} = ? AND ${layout.rowId} <> ? LIMIT 1`,
            )
            .pluck(),
          given: new Set<Cell>(),
        },
      ]),
  )
  return {
    isTaken(place, change) {
      const known = byColumn.get(place.column)
      if (known === undefined) return false
      if (known.given.has(change.after) || known.other.get(change.after, change.rowId) !== undefined) return true
      known.given.add(change.after)
      return false
    },
  }
}

interface Window {
  readonly read: number
  /** Rowid, or number of rows of a list, up to which the scan has come. */
  readonly place: number
}

function selectOf(layout: Layout, prepared: Prepared): string {
  const key = layout.keyColumn === undefined ? 'NULL' : quoteIdentifier(layout.keyColumn)
  const columns = [layout.rowId, key, ...prepared.columns.map(quoteIdentifier)]
  return `SELECT ${columns.map((column, at) => `${column} AS c${at}`).join(', ')} FROM ${quoteIdentifier(layout.table)}`
}

type Visit = (values: readonly Cell[]) => void

function* allRows(db: Database, layout: Layout, prepared: Prepared, visit: Visit): Generator<Window> {
  const select = `${selectOf(layout, prepared)} WHERE ${layout.rowId} > ? ORDER BY ${layout.rowId} LIMIT ${windowRows}`
  const readWindow = windowReader(db, select, prepared.columns.length + 2)
  let after = -Infinity
  for (;;) {
    let read = 0
    const from = after
    readWindow(from, (values) => {
      const rowId = Number(values[0])
      invariant(rowId > after, 'rows come in rowid order')
      after = rowId
      read += 1
      visit(values)
    })
    if (read > 0) yield { read, place: after }
    if (read < windowRows) return
  }
}

/**
 * Reads one window. The rows go through an aggregate function, which crosses from SQLite to JavaScript once a row instead
 * of building a result (measured at 0.3 to 0.45 of `.raw().iterate()`).
 */
function windowReader(db: Database, select: string, width: number): (after: number, visit: Visit) => void {
  if (width > aggregateColumnsMax) {
    const rows = db.prepare<[number], Cell[]>(select).raw()
    return (after, visit) => {
      for (const values of rows.all(after)) visit(values)
    }
  }
  let visitor: Visit = () => undefined
  db.aggregate('trueup_visit', {
    start: null,
    varargs: true,
    directOnly: true,
    step: (_: null, ...values: Cell[]) => visitor(values),
  })
  const names = Array.from({ length: width }, (_, at) => `c${at}`).join(', ')
  const statement = db.prepare<[number], unknown>(`SELECT trueup_visit(${names}) FROM (${select})`)
  return (after, visit) => {
    visitor = visit
    statement.get(after)
  }
}

function* someRows(
  db: Database,
  layout: Layout,
  prepared: Prepared,
  visit: Visit,
  rowIds: readonly number[],
): Generator<Window> {
  const select = `${selectOf(layout, prepared)} WHERE ${layout.rowId} IN (SELECT value FROM json_each(?)) ORDER BY ${layout.rowId}`
  const rows = db.prepare<[string], Cell[]>(select).raw()
  for (let from = 0; from < rowIds.length; from += windowRows) {
    const page = rows.all(JSON.stringify(rowIds.slice(from, from + windowRows)))
    for (const values of page) visit(values)
    yield { read: page.length, place: Math.min(from + windowRows, rowIds.length) }
  }
}
