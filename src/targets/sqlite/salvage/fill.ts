/** Puts salvaged rows into the tables of the result, under their rowids; rows that a table refuses are counted and named. */
import type Database from 'better-sqlite3'
import { messageOf } from '../../../errors.ts'
import { freeRowIdName } from '../addressing.ts'
import { isRefusal } from '../database-error.ts'
import { quoteIdentifier } from '../schema-reader.ts'
import { isRawText, type SalvagedCell } from './record.ts'
import { writableColumns } from './shapes.ts'
import type { SalvagedRow, TableShape } from './walk.ts'

const namedMax = 20

export interface Filled {
  salvaged: number
  doubtful: number
  refused: number
  readonly problems: string[]
}

export interface Filler {
  add(table: string, row: SalvagedRow): void
  /** Adds doubtful and loose rows, which give way to all others. Rowids of doubtful ones are in the temporary table `doubt`. */
  finish(): ReadonlyMap<string, Filled>
}

/** The rowid as a column name that the table has not taken itself; undefined where it has no rowid. */
export function rowIdColumn(db: Database.Database, shape: TableShape): string | undefined {
  return shape.form === 'index' ? undefined : freeRowIdName(writableColumns(db, 'main', shape.name))
}

export function createFiller(db: Database.Database, shapes: readonly TableShape[]): Filler {
  db.exec('CREATE TEMP TABLE doubt (tbl TEXT, id INTEGER, PRIMARY KEY (tbl, id)) WITHOUT ROWID')
  const noteDoubt = db.prepare('INSERT OR IGNORE INTO temp.doubt VALUES (?, ?)')
  const known = new Map(shapes.map((shape) => [shape.name, { shape, insert: inserterOf(db, shape) }]))
  const filled = new Map(
    shapes.map(({ name }): [string, Filled] => [name, { salvaged: 0, doubtful: 0, refused: 0, problems: [] }]),
  )
  const waiting: { readonly table: string; readonly row: SalvagedRow }[] = []

  const put = (table: string, row: SalvagedRow) => {
    const [target, counts] = [known.get(table), filled.get(table)]
    if (target === undefined || counts === undefined) return
    try {
      target.insert(row)
      counts.salvaged += 1
      if (!row.isDoubtful && !row.isLoose) return
      counts.doubtful += 1
      if (row.isDoubtful && target.shape.form === 'table') noteDoubt.run(table, row.rowId)
    } catch (error) {
      if (!isRefusal(error)) throw error
      counts.refused += 1
      if (counts.problems.length < namedMax) counts.problems.push(`row ${row.rowId}: ${messageOf(error)}`)
    }
  }
  return {
    add: (table, row) => (row.isDoubtful || row.isLoose ? waiting.push({ table, row }) : put(table, row)),
    finish() {
      for (const { table, row } of waiting) put(table, row)
      return filled
    },
  }
}

/** Rows from before a column was added end early: the column then gets its default. */
function inserterOf(db: Database.Database, shape: TableShape): (row: SalvagedRow) => void {
  const writable = new Set(writableColumns(db, 'main', shape.name))
  const rowId = rowIdColumn(db, shape)
  const statements = new Map<string, Database.Statement>()
  const hasAlias = shape.columns.some(({ isRowId }) => isRowId)
  return ({ rowId: id, cells }) => {
    const parts = shape.columns
      .slice(0, cells.length)
      .map((column, index) => ({ column, cell: column.isRowId ? id : (cells[index] ?? null) }))
      .filter(({ column }) => writable.has(column.name))
    const raw = parts.map(({ cell }) => (isRaw(cell) ? 'r' : '.')).join('')
    const asRowId = !hasAlias && rowId !== undefined
    let statement = statements.get(raw)
    if (statement === undefined) {
      const names = [...(asRowId ? [rowId] : []), ...parts.map(({ column }) => quoteIdentifier(column.name))]
      const places = [...(asRowId ? ['?'] : []), ...[...raw].map((one) => (one === 'r' ? 'CAST(? AS TEXT)' : '?'))]
      const sql = `INSERT INTO main.${quoteIdentifier(shape.name)} (${names.join(', ')}) VALUES (${places.join(', ')})`
      statement = db.prepare(sql)
      statements.set(raw, statement)
    }
    statement.run(...(asRowId ? [id] : []), ...parts.map(({ cell }) => (isRaw(cell) ? cell.rawText : cell)))
  }
}

function isRaw(cell: SalvagedCell): cell is { readonly rawText: Uint8Array } {
  return cell !== null && typeof cell === 'object' && isRawText(cell)
}
