/** Bases, tables, fields and views as stored. Reads are cached per base; every write, kept or rolled back, drops the cache. */
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import { fieldTypeSchema } from '../metadata/field-types.ts'
import { type Base, type ComputeRule, choicesIn, type Field, type Table, type View } from '../metadata/model.ts'
import type { SandboxDatabase } from './open.ts'

interface TableRow {
  readonly id: string
  readonly base_id: string
  readonly name: string
  readonly description: string | null
  readonly primary_field_id: string
}
interface FieldRow {
  readonly id: string
  readonly table_id: string
  readonly name: string
  readonly type: string
  readonly description: string | null
  readonly options: string | null
  readonly rule: string
}
interface ViewRow {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly rules: string
}
interface BaseRow {
  readonly id: string
  readonly name: string
  readonly workspace_id: string
}

const ruleSchema = z.object({
  formula: z.string().optional(),
  recordLinkFieldId: z.string().optional(),
  fieldIdInLinkedTable: z.string().optional(),
  constant: z.string().optional(),
})
const viewRulesSchema = z.object({
  filter: z.string().optional(),
  sort: z.array(z.object({ fieldId: z.string(), direction: z.enum(['asc', 'desc']) })).default([]),
  visibleFieldIds: z.array(z.string()).optional(),
})
const optionsSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json())

export class Catalog {
  readonly #database: SandboxDatabase
  readonly #cache = new Map<string, Base>()

  constructor(database: SandboxDatabase) {
    this.#database = database
  }

  /** The base, or undefined. */
  base(id: string): Base | undefined {
    const cached = this.#cache.get(id)
    if (cached !== undefined) return cached
    const row = this.#database
      .prepare<[string], BaseRow>('SELECT id, name, workspace_id FROM bases WHERE id = ?')
      .get(id)
    if (row === undefined) return undefined
    const base = { id: row.id, name: row.name, workspaceId: row.workspace_id, tables: this.#tables(id) }
    this.#cache.set(id, base)
    return base
  }

  baseIds(): string[] {
    return this.#database
      .prepare<[], { id: string }>('SELECT id FROM bases ORDER BY rowid')
      .all()
      .map((row) => row.id)
  }

  /** Forgets what was read; called after every change of the schema and after every rollback. */
  forget(): void {
    this.#cache.clear()
  }

  addBase(base: { id: string; name: string; workspaceId: string }): void {
    this.#database
      .prepare('INSERT INTO bases (id, name, workspace_id) VALUES (?, ?, ?)')
      .run(base.id, base.name, base.workspaceId)
    this.forget()
  }

  addTable(table: {
    id: string
    baseId: string
    name: string
    description: string | undefined
    primaryFieldId: string
    nextAutoNumber?: number | undefined
  }): void {
    this.#database
      .prepare(
        `INSERT INTO base_tables (id, base_id, name, description, primary_field_id, position, next_auto_number)
         VALUES (?, ?, ?, ?, ?, (SELECT count(*) FROM base_tables WHERE base_id = ?), ?)`,
      )
      .run(
        table.id,
        table.baseId,
        table.name,
        table.description ?? null,
        table.primaryFieldId,
        table.baseId,
        table.nextAutoNumber ?? 1,
      )
    this.forget()
  }

  addField(field: Omit<Field, 'choices'>): void {
    this.#database
      .prepare(
        `INSERT INTO fields (id, table_id, name, type, description, options, rule, position)
         VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM fields WHERE table_id = ?))`,
      )
      .run(
        field.id,
        field.tableId,
        field.name,
        field.type,
        field.description ?? null,
        field.options === undefined ? null : JSON.stringify(field.options),
        JSON.stringify(field.rule),
        field.tableId,
      )
    this.forget()
  }

  addView(tableId: string, view: View): void {
    const { filter, sort, visibleFieldIds } = view
    this.#database
      .prepare(
        `INSERT INTO views (id, table_id, name, type, rules, position)
         VALUES (?, ?, ?, ?, ?, (SELECT count(*) FROM views WHERE table_id = ?))`,
      )
      .run(view.id, tableId, view.name, view.type, JSON.stringify({ filter, sort, visibleFieldIds }), tableId)
    this.forget()
  }

  setTable(id: string, name: string, description: string | undefined): void {
    this.#database
      .prepare('UPDATE base_tables SET name = ?, description = ? WHERE id = ?')
      .run(name, description ?? null, id)
    this.forget()
  }

  setField(id: string, name: string, description: string | undefined): void {
    this.#database
      .prepare('UPDATE fields SET name = ?, description = ? WHERE id = ?')
      .run(name, description ?? null, id)
    this.forget()
  }

  setOptions(fieldId: string, options: JsonObject): void {
    this.#database.prepare('UPDATE fields SET options = ? WHERE id = ?').run(JSON.stringify(options), fieldId)
    this.forget()
  }

  removeField(id: string): void {
    this.#database.prepare('DELETE FROM fields WHERE id = ?').run(id)
    this.forget()
  }

  /** The next number of this base's sequence of changes. */
  nextTransaction(baseId: string): number {
    const row = this.#database
      .prepare<[string], { n: number }>(
        'UPDATE bases SET transaction_number = transaction_number + 1 WHERE id = ? RETURNING transaction_number AS n',
      )
      .get(baseId)
    return row?.n ?? 0
  }

  /** The number of the last change; the page polls it. */
  transactionNumber(baseId: string): number {
    const row = this.#database
      .prepare<[string], { n: number }>('SELECT transaction_number AS n FROM bases WHERE id = ?')
      .get(baseId)
    return row?.n ?? 0
  }

  #tables(baseId: string): Table[] {
    return this.#database
      .prepare<[string], TableRow>('SELECT * FROM base_tables WHERE base_id = ? ORDER BY position')
      .all(baseId)
      .map((row) => ({
        id: row.id,
        baseId: row.base_id,
        name: row.name,
        description: row.description ?? undefined,
        primaryFieldId: row.primary_field_id,
        fields: this.#fields(row.id),
        views: this.#views(row.id),
      }))
  }

  #fields(tableId: string): Field[] {
    return this.#database
      .prepare<[string], FieldRow>('SELECT * FROM fields WHERE table_id = ? ORDER BY position')
      .all(tableId)
      .map((row) => {
        const options = row.options === null ? undefined : optionsSchema.parse(JSON.parse(row.options))
        const rule: ComputeRule = ruleSchema.parse(JSON.parse(row.rule))
        return {
          id: row.id,
          tableId: row.table_id,
          name: row.name,
          type: fieldTypeSchema.parse(row.type),
          description: row.description ?? undefined,
          options,
          rule,
          choices: choicesIn(options),
        }
      })
  }

  #views(tableId: string): View[] {
    return this.#database
      .prepare<[string], ViewRow>('SELECT * FROM views WHERE table_id = ? ORDER BY position')
      .all(tableId)
      .map((row) => {
        const rules = viewRulesSchema.parse(JSON.parse(row.rules))
        return {
          id: row.id,
          name: row.name,
          type: row.type,
          filter: rules.filter,
          sort: rules.sort,
          visibleFieldIds: rules.visibleFieldIds,
        }
      })
  }
}
