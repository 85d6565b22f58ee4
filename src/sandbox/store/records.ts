/** Records as stored: cells by field id in their stored form (see records/cells), stamps by field id in milliseconds. */
import type { JsonValue } from '../../json.ts'
import type { SandboxDatabase } from './open.ts'

/** The stored cells of one record, by field id. Empty cells are absent. */
export type Cells = Readonly<Record<string, JsonValue>>

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

export class RecordStore {
  readonly #database: SandboxDatabase
  readonly #indexed = new Set<string>()

  constructor(database: SandboxDatabase) {
    this.#database = database
  }

  get(tableId: string, id: string): StoredRecord | undefined {
    const row = this.#database
      .prepare<[string, string], RecordRow>('SELECT * FROM records WHERE table_id = ? AND id = ?')
      .get(tableId, id)
    return row === undefined ? undefined : recordOf(row)
  }

  /** All records of a table, ordered by id or as people arranged them. Not to be kept open across other statements. */
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

  count(tableId: string): number {
    const row = this.#database
      .prepare<[string], { n: number }>('SELECT count(*) AS n FROM records WHERE table_id = ?')
      .get(tableId)
    return row?.n ?? 0
  }

  countInBase(baseId: string): number {
    const row = this.#database
      .prepare<[string], { n: number }>(
        'SELECT count(*) AS n FROM records WHERE table_id IN (SELECT id FROM base_tables WHERE base_id = ?)',
      )
      .get(baseId)
    return row?.n ?? 0
  }

  /** Records of a table whose stored cell is exactly this text or number; by an index made at the first question. */
  withCell(tableId: string, fieldId: string, value: string | number): StoredRecord[] {
    const expression = `json_extract(cells, '$."${fieldId}"')`
    if (!this.#indexed.has(fieldId)) {
      this.#database.exec(`CREATE INDEX IF NOT EXISTS "cell_${fieldId}" ON records (table_id, ${expression})`)
      this.#indexed.add(fieldId)
    }
    return this.#database
      .prepare<[string, string | number], RecordRow>(
        `SELECT * FROM records WHERE table_id = ? AND ${expression} = ? ORDER BY id`,
      )
      .all(tableId, value)
      .map(recordOf)
  }

  insert(record: Omit<StoredRecord, 'position' | 'autoNumber'>): StoredRecord {
    const number = this.#database
      .prepare<[string], { n: number }>(
        'UPDATE base_tables SET next_auto_number = next_auto_number + 1 WHERE id = ? RETURNING next_auto_number - 1 AS n',
      )
      .get(record.tableId)
    const stored = { ...record, position: number?.n ?? 0, autoNumber: number?.n ?? 0 }
    this.#database
      .prepare(
        `INSERT INTO records (id, table_id, position, auto_number, created_ms, modified_ms, created_by, modified_by, cells, stamps)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
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
    this.#database
      .prepare('UPDATE records SET modified_ms = ?, modified_by = ?, cells = ?, stamps = ? WHERE id = ?')
      .run(record.modifiedMs, record.modifiedBy, JSON.stringify(record.cells), JSON.stringify(record.stamps), record.id)
  }

  remove(tableId: string, id: string): void {
    this.#database.prepare('DELETE FROM records WHERE table_id = ? AND id = ?').run(tableId, id)
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
