/** Records as stored: cells by field id in their stored form (see records/cells), stamps by field id in milliseconds. */
import type { Statement } from 'better-sqlite3'
import type { JsonValue } from '../../json.ts'
import type { SandboxDatabase } from './open.ts'

/** The stored cells of one record, by field id. Empty cells are absent. */
type Cells = Readonly<Record<string, JsonValue>>

export interface StoredRecord {
  readonly id: string
  readonly tableId: string
  readonly position: number
  readonly autoNumber: number
  /** Whole seconds, as every recorded createdTime is [R]. */
  readonly createdMs: number
  readonly modifiedMs: number
  readonly createdBy: string
  readonly modifiedBy: string
  readonly cells: Cells
  /** When each field was last changed. */
  readonly stamps: Readonly<Record<string, number>>
}

interface RecordRow {
  readonly id: string
  readonly table_id: string
  readonly position: number
  readonly auto_number: number
  readonly created_ms: number
  readonly modified_ms: number
  readonly created_by: string
  readonly modified_by: string
  readonly cells: string
  readonly stamps: string
}

/** The statements that run for every record, prepared once. */
function prepare(database: SandboxDatabase) {
  return {
    get: database.prepare<[string, string], RecordRow>('SELECT * FROM records WHERE table_id = ? AND id = ?'),
    // The count is kept beside the number, so that the limit of records costs no scan.
    nextNumber: database.prepare<[string], { n: number }>(
      `UPDATE base_tables SET next_auto_number = next_auto_number + 1, record_count = record_count + 1
       WHERE id = ? RETURNING next_auto_number - 1 AS n`,
    ),
    insert: database.prepare(
      `INSERT INTO records (id, table_id, position, auto_number, created_ms, modified_ms, created_by, modified_by, cells, stamps)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: database.prepare('UPDATE records SET modified_ms = ?, modified_by = ?, cells = ?, stamps = ? WHERE id = ?'),
    remove: database.prepare('DELETE FROM records WHERE table_id = ? AND id = ?'),
    countDown: database.prepare('UPDATE base_tables SET record_count = record_count - 1 WHERE id = ?'),
    countInBase: database.prepare<[string], { n: number | null }>(
      'SELECT sum(record_count) AS n FROM base_tables WHERE base_id = ?',
    ),
  }
}

export class RecordStore {
  readonly #database: SandboxDatabase
  readonly #statements: ReturnType<typeof prepare>
  readonly #byCell = new Map<string, Statement<[string, string | number], RecordRow>>()

  constructor(database: SandboxDatabase) {
    this.#database = database
    this.#statements = prepare(database)
  }

  get(tableId: string, id: string): StoredRecord | undefined {
    const row = this.#statements.get.get(tableId, id)
    return row === undefined ? undefined : recordOf(row)
  }

  /** All records of a table, ordered by id or as people arranged them. */
  all(tableId: string, order: 'id' | 'position'): StoredRecord[] {
    return this.#database
      .prepare<[string], RecordRow>(`SELECT * FROM records WHERE table_id = ? ORDER BY ${order}, id`)
      .all(tableId)
      .map(recordOf)
  }

  ids(tableId: string, order: 'id' | 'position'): string[] {
    return this.#database
      .prepare<[string], { id: string }>(`SELECT id FROM records WHERE table_id = ? ORDER BY ${order}, id`)
      .all(tableId)
      .map((row) => row.id)
  }

  countInBase(baseId: string): number {
    return this.#statements.countInBase.get(baseId)?.n ?? 0
  }

  /** Records of a table whose stored cell is exactly this text or number; by an index made at the first question. */
  withCell(tableId: string, fieldId: string, value: string | number): StoredRecord[] {
    return this.#withCell(fieldId).all(tableId, value).map(recordOf)
  }

  insert(record: Omit<StoredRecord, 'position' | 'autoNumber'>): StoredRecord {
    const number = this.#statements.nextNumber.get(record.tableId)?.n ?? 0
    const stored = { ...record, position: number, autoNumber: number }
    this.#statements.insert.run(
      stored.id,
      stored.tableId,
      stored.position,
      stored.autoNumber,
      stored.createdMs,
      stored.modifiedMs,
      stored.createdBy,
      stored.modifiedBy,
      JSON.stringify(stored.cells),
      JSON.stringify(stored.stamps),
    )
    return stored
  }

  update(record: StoredRecord): void {
    const { modifiedMs, modifiedBy, cells, stamps, id } = record
    this.#statements.update.run(modifiedMs, modifiedBy, JSON.stringify(cells), JSON.stringify(stamps), id)
  }

  remove(tableId: string, id: string): void {
    if (this.#statements.remove.run(tableId, id).changes > 0) this.#statements.countDown.run(tableId)
  }

  #withCell(fieldId: string): Statement<[string, string | number], RecordRow> {
    const known = this.#byCell.get(fieldId)
    if (known !== undefined) return known
    const expression = `json_extract(cells, '$."${fieldId}"')`
    this.#database.exec(`CREATE INDEX IF NOT EXISTS "cell_${fieldId}" ON records (table_id, ${expression})`)
    const statement = this.#database.prepare<[string, string | number], RecordRow>(
      `SELECT * FROM records WHERE table_id = ? AND ${expression} = ? ORDER BY id`,
    )
    this.#byCell.set(fieldId, statement)
    return statement
  }
}

function recordOf(row: RecordRow): StoredRecord {
  // Written by this file only, so the shape is known.
  const cells: Cells = JSON.parse(row.cells)
  const stamps: Record<string, number> = JSON.parse(row.stamps)
  return {
    id: row.id,
    tableId: row.table_id,
    position: row.position,
    autoNumber: row.auto_number,
    createdMs: row.created_ms,
    modifiedMs: row.modified_ms,
    createdBy: row.created_by,
    modifiedBy: row.modified_by,
    cells,
    stamps,
  }
}
