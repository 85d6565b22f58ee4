/**
 * Compares a database as it is now with a copy that a set was restored to, and gives the changes that would make it what
 * the copy is. Records of erased people stay away. Tables are compared by a key that tells their records apart.
 */
import type { Database } from 'better-sqlite3'
import type { ErasedMarks } from '../../targets/erasure/marks.ts'
import { erasedBy } from '../../targets/erasure/marks.ts'
import type { PersonPlace } from '../../targets/erasure/person-layout.ts'
import { freeRowIdName } from '../../targets/sqlite/addressing.ts'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Change, ChangeTarget } from '../../targets/sqlite/ports.ts'
import {
  quoteIdentifier,
  readSchemaNames,
  readTableSchema,
  type TableSchema,
} from '../../targets/sqlite/schema-reader.ts'
import { cellOf } from '../../targets/sqlite/table-access.ts'
import type { Cell } from '../../values/field-type.ts'
import { identitiesOf, keyIdentity, personTextsOf } from '../../values/identity.ts'
import type { Comparison, RestoreAsk } from './restore-state.ts'

export interface CompareOptions {
  readonly ask: RestoreAsk
  readonly erased: ErasedMarks | null
  readonly places: readonly PersonPlace[]
  /** Takes every change, in the order in which it is to be made. */
  readonly add: (change: Change) => void
}

const shownMax = 20
const shownCharactersMax = 200

interface Pair {
  readonly live: TableSchema
  readonly kept: TableSchema
  readonly keyColumn: string
  /** Stored columns of both, as they are named now and in the copy. */
  readonly columns: readonly (readonly [live: string, kept: string])[]
}

/** The table that the set of changes is of; all others are named with each change. Undefined where nothing is compared. */
export function targetOf(db: Database, copy: Database, options: CompareOptions): ChangeTarget | undefined {
  const [first] = pairsOf(db, copy, options).pairs
  return first && { path: options.ask.path, table: first.live.name, keyColumn: first.keyColumn }
}

/** `db` has the live file as `main` and the copy attached as `kept`; `copy` is a connection to the copy alone. */
export function compareDatabases(db: Database, copy: Database, options: CompareOptions): Comparison {
  const { pairs, passedOver } = pairsOf(db, copy, options)
  const [first] = pairs
  const fingerprint = createChangeFingerprint()
  const sample: string[] = []
  const preview: Comparison['preview'] = []
  const note = (pair: Pair, change: Change) => {
    const of = pair === first ? {} : { of: { table: pair.live.name, keyColumn: pair.keyColumn } }
    const placed = { ...change, ...of }
    fingerprint.add(placed)
    options.add(placed)
    const key = String(change.key)
    if (sample.length < shownMax && sample.at(-1) !== key && !key.includes('@')) sample.push(key)
    if (preview.length < shownMax) preview.push(...shownOf(pair, change).slice(0, shownMax - preview.length))
  }
  const counts = new Map(pairs.map((pair) => [pair, { table: pair.live.name, added: 0, changed: 0, removed: 0 }]))
  const countOf = (pair: Pair) => counts.get(pair) ?? { table: '', added: 0, changed: 0, removed: 0 }
  const erased = createErased(options)
  // Those that refer go before those that they refer to, and come after them.
  for (const pair of [...pairs].reverse()) {
    for (const change of removedIn(db, pair, options)) {
      countOf(pair).removed += 1
      note(pair, change)
    }
  }
  for (const pair of pairs) {
    for (const { cells, key, changes } of changedIn(db, pair, options)) {
      if (erased.withhold(pair, cells, key)) continue
      countOf(pair).changed += 1
      for (const change of changes) note(pair, change)
    }
    for (const change of addedIn(db, pair, options)) {
      if (erased.withhold(pair, change.row, change.key)) continue
      countOf(pair).added += 1
      note(pair, change)
    }
  }
  const tables = [...counts.values()]
  const sum = (of: (one: (typeof tables)[number]) => number) => tables.reduce((total, one) => total + of(one), 0)
  return {
    evidence: fingerprint.digest(),
    counts: { added: sum((one) => one.added), changed: sum((one) => one.changed), removed: sum((one) => one.removed) },
    population: pairs.reduce((total, { live }) => total + rowsOf(db, live.name), 0),
    tables,
    passedOver: [...passedOver],
    withheld: erased.count(),
    sample,
    preview,
  }
}

/** The tables to compare, those referred to before those that refer to them. */
function pairsOf(
  db: Database,
  copy: Database,
  { ask, places }: CompareOptions,
): { readonly pairs: readonly Pair[]; readonly passedOver: Comparison['passedOver'] } {
  const passedOver: Comparison['passedOver'] = []
  const there = readSchemaNames(copy).tables.filter((name) => !name.startsWith('_trueup_'))
  const wanted = ask.tables ?? there
  const pairs = wanted.flatMap((name) => {
    const kept = there.includes(name) ? readTableSchema(copy, name) : undefined
    const live = readTableSchema(db, name)
    const paired = pairOf(name, live, kept, { db, path: ask.path, places })
    if (typeof paired !== 'string') return [paired]
    passedOver.push({ table: name, reason: paired })
    return []
  })
  return { pairs: inOrder(pairs), passedOver }
}

function pairOf(
  name: string,
  live: TableSchema | undefined,
  kept: TableSchema | undefined,
  at: { readonly db: Database; readonly path: string; readonly places: readonly PersonPlace[] },
): Pair | string {
  if (kept === undefined) return 'the set has no such table'
  if (live === undefined) return 'the database has no such table any more: restore the set into a folder'
  if (live.form !== 'ordinary' || kept.form !== 'ordinary') return 'it is part of an index of SQLite'
  const columnOf = (schema: TableSchema, column: string) =>
    schema.columns.find((one) => one.name.toLowerCase() === column.toLowerCase() && one.generated === 'no')?.name
  const declared = at.places.find(({ path, table }) => path === at.path && table.toLowerCase() === name.toLowerCase())
  const primary = live.columns.filter(({ primaryKey }) => primaryKey > 0)
  const key = declared?.key ?? (primary.length === 1 ? primary[0]?.name : undefined)
  const keyColumn = key === undefined ? undefined : columnOf(live, key)
  const keptKey = keyColumn === undefined ? undefined : columnOf(kept, keyColumn)
  if (keyColumn === undefined || keptKey === undefined) return 'it has no key that tells its records apart'
  for (const [schema, column] of [
    ['main', keyColumn],
    ['kept', keptKey],
  ] as const)
    if (!isUnique(at.db, schema, name, column)) return `several records have the same ${column}, or none`
  const columns = live.columns.flatMap(({ name: column, generated }) => {
    const other = generated === 'no' ? columnOf(kept, column) : undefined
    return other === undefined ? [] : [[column, other] as const]
  })
  return { live, kept, keyColumn, columns }
}

function isUnique(db: Database, schema: string, table: string, column: string): boolean {
  const name = quoteIdentifier(column)
  const sql = `SELECT count(*) = count(DISTINCT ${name} COLLATE BINARY) FROM ${schema}.${quoteIdentifier(table)}`
  return db.prepare<[], number>(sql).pluck().get() === 1
}

function inOrder(pairs: readonly Pair[]): readonly Pair[] {
  const ordered: Pair[] = []
  const open = new Set<Pair>()
  const visit = (pair: Pair) => {
    if (open.has(pair)) return
    open.add(pair)
    for (const { toTable } of pair.live.foreignKeys) {
      const parent = pairs.find(({ live }) => live.name.toLowerCase() === toTable.toLowerCase())
      if (parent !== undefined) visit(parent)
    }
    ordered.push(pair)
  }
  for (const pair of pairs) visit(pair)
  return ordered
}

interface Erased {
  /** Whether a record of the set is of an erased person, or refers to one that is; it is counted then. */
  withhold(pair: Pair, cells: Readonly<Record<string, Cell>>, key: Cell): boolean
  count(): number
}

function createErased({ ask, erased, places }: CompareOptions): Erased {
  const test = erasedBy(erased)
  const withheld = new Map<string, { readonly cells: Readonly<Record<string, Cell>>; readonly key: Cell }[]>()
  const isPerson = (pair: Pair, cells: Readonly<Record<string, Cell>>, key: Cell): boolean => {
    const place = places.find(
      ({ path, table }) => path === ask.path && table.toLowerCase() === pair.live.name.toLowerCase(),
    )
    if (place === undefined) return false
    const own = typeof key === 'string' ? keyIdentity(place.table, key) : undefined
    const texts = personTextsOf(place.fields, (field) => cells[field])
    return test([...(own === undefined ? [] : [own]), ...identitiesOf(texts)])
  }
  const refersToOne = ({ live }: Pair, cells: Readonly<Record<string, Cell>>): boolean =>
    live.foreignKeys.some(({ toTable, columns, toColumns }) =>
      (withheld.get(toTable.toLowerCase()) ?? []).some((parent) =>
        columns.every((column, index) => {
          const to = toColumns[index]
          const cell = cells[column] ?? null
          // Without a name it is the primary key that is meant.
          return cell !== null && cell === (to === undefined ? parent.key : parent.cells[to])
        }),
      ),
    )
  return {
    withhold(pair, cells, key) {
      if (erased === null || !(isPerson(pair, cells, key) || refersToOne(pair, cells))) return false
      const name = pair.live.name.toLowerCase()
      withheld.set(name, [...(withheld.get(name) ?? []), { cells, key }])
      return true
    },
    count: () => [...withheld.values()].reduce((sum, rows) => sum + rows.length, 0),
  }
}

function* removedIn(db: Database, pair: Pair, { ask }: CompareOptions): Generator<Change> {
  const stored = pair.live.columns.filter(({ generated }) => generated === 'no').map(({ name }) => name)
  const sql = `SELECT ${rowIdOf(pair)}, m.${key(pair)}, ${stored.map((name) => `m.${quoteIdentifier(name)}`).join(', ')}
    FROM main.${table(pair)} AS m LEFT JOIN kept.${table(pair)} AS k ON ${joined(pair)}
    WHERE k.${keptKey(pair)} IS NULL ${only(ask, pair, 'm')} ORDER BY m.${key(pair)}`
  for (const [rowId, keyCell, ...cells] of rowsFrom(db, sql, ask)) {
    const row = Object.fromEntries(stored.map((name, index) => [name, cells[index] ?? null]))
    yield { is: 'delete', rowId: Number(rowId), key: keyCell ?? null, row }
  }
}

function* addedIn(db: Database, pair: Pair, { ask }: CompareOptions): Generator<Extract<Change, { is: 'insert' }>> {
  const names = pair.columns.map(([, kept]) => `k.${quoteIdentifier(kept)}`)
  const sql = `SELECT k.${keptKey(pair)}, ${names.join(', ')}
    FROM kept.${table(pair)} AS k LEFT JOIN main.${table(pair)} AS m ON ${joined(pair)}
    WHERE m.${key(pair)} IS NULL ${only(ask, pair, 'k')} ORDER BY k.${keptKey(pair)}`
  for (const [keyCell, ...cells] of rowsFrom(db, sql, ask)) {
    const row = Object.fromEntries(pair.columns.map(([name], index) => [name, cells[index] ?? null]))
    yield { is: 'insert', rowId: 0, key: keyCell ?? null, row }
  }
}

interface ChangedRow {
  readonly key: Cell
  /** As the set has it. */
  readonly cells: Readonly<Record<string, Cell>>
  readonly changes: readonly Change[]
}

function* changedIn(db: Database, pair: Pair, { ask }: CompareOptions): Generator<ChangedRow> {
  const { columns } = pair
  const live = columns.map(([name]) => `m.${quoteIdentifier(name)}`)
  const kept = columns.map(([, name]) => `k.${quoteIdentifier(name)}`)
  const differs = columns.map((_, index) => `${live[index]} COLLATE BINARY IS NOT ${kept[index]}`).join(' OR ')
  const sql = `SELECT ${rowIdOf(pair)}, m.${key(pair)}, ${[...live, ...kept].join(', ')}
    FROM main.${table(pair)} AS m JOIN kept.${table(pair)} AS k ON ${joined(pair)}
    WHERE (${differs}) ${only(ask, pair, 'm')} ORDER BY m.${key(pair)}`
  for (const [rowId, keyCell = null, ...cells] of rowsFrom(db, sql, ask)) {
    const changes = columns.flatMap(([column], index): Change[] => {
      const [before = null, after = null] = [cells[index], cells[columns.length + index]]
      return sameCell(before, after) ? [] : [{ is: 'cell', rowId: Number(rowId), key: keyCell, column, before, after }]
    })
    const row = Object.fromEntries(columns.map(([name], index) => [name, cells[columns.length + index] ?? null]))
    if (changes.length > 0) yield { key: keyCell, cells: row, changes }
  }
}

function sameCell(one: Cell, other: Cell): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  return one === other
}

function rowIdOf({ live }: Pair): string {
  const name = live.withoutRowId ? undefined : freeRowIdName(live.columns.map((column) => column.name))
  return name === undefined ? '0' : `m.${name}`
}

const table = ({ live }: Pair): string => quoteIdentifier(live.name)
const key = ({ keyColumn }: Pair): string => quoteIdentifier(keyColumn)
const keptKey = (pair: Pair): string =>
  quoteIdentifier(pair.columns.find(([name]) => name === pair.keyColumn)?.[1] ?? pair.keyColumn)
const joined = (pair: Pair): string => `k.${keptKey(pair)} = m.${key(pair)} COLLATE BINARY`
const only = ({ keys }: RestoreAsk, pair: Pair, side: 'm' | 'k'): string =>
  keys === null
    ? ''
    : `AND CAST(${side}.${side === 'm' ? key(pair) : keptKey(pair)} AS TEXT) IN (SELECT value FROM json_each(?))`

function* rowsFrom(db: Database, sql: string, { keys }: RestoreAsk): Generator<readonly Cell[]> {
  const statement = db.prepare<unknown[], unknown[]>(sql).safeIntegers().raw(true)
  for (const row of statement.iterate(...(keys === null ? [] : [JSON.stringify(keys)]))) yield row.map(cellOf)
}

function rowsOf(db: Database, name: string): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM main.${quoteIdentifier(name)}`)
      .pluck()
      .get() ?? 0
  )
}

function shownOf(pair: Pair, change: Change): Comparison['preview'] {
  const at = String(change.key)
  switch (change.is) {
    case 'cell':
      return [{ key: at, field: change.column, before: shown(change.before), after: shown(change.after) }]
    case 'insert':
      return [{ key: at, field: `${pair.live.name} (record)`, before: null, after: 'comes back' }]
    case 'delete':
      return [{ key: at, field: `${pair.live.name} (record)`, before: 'there', after: null }]
  }
}

function shown(cell: Cell): string | number | null {
  if (cell === null || typeof cell === 'number') return cell
  if (cell instanceof Uint8Array) return `${cell.length} bytes`
  return String(cell).slice(0, shownCharactersMax)
}
