/** What the desired state says about one table, resolved so far that nothing else is needed to tell what is true. */
import { resolve } from 'node:path'
import type { DesiredState, FieldSpec, TableSpec } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'
import type { FieldType } from '../../values/field-type.ts'

/** One declared column. */
export interface FieldDeclaration extends JsonObject {
  readonly name: string
  readonly type: FieldType
  readonly required: boolean
  readonly unique: boolean
  /** Null: none is declared. */
  readonly default: string | number | boolean | null
  readonly onUpdate: boolean
  readonly choices: readonly string[]
  readonly renamedFrom: string | null
  readonly absent: boolean
}

interface IndexDeclaration extends JsonObject {
  readonly on: readonly string[]
  readonly unique: boolean
  readonly name: string | null
}

/** One `tables` entry with the path of its database. */
export interface TableDeclaration extends JsonObject {
  readonly database: string
  /** Absolute. */
  readonly path: string
  /** The table's name in SQLite. */
  readonly table: string
  readonly renamedFrom: string | null
  readonly absent: boolean
  readonly key: string
  /** In the order of the file; the key is the first where no field declares it. */
  readonly fields: readonly FieldDeclaration[]
  readonly indexes: readonly IndexDeclaration[]
  /** False where the database is only observed: then there is no change table either. */
  readonly enforced: boolean
}

/** The tables that the desired state declares. Relative paths are taken from the folder of the workspace. */
export function listTables(desired: DesiredState, workspace: string): readonly Declared<TableDeclaration>[] {
  return Object.entries(desired.tables).flatMap(([name, table]) => {
    const database = desired.databases[table.database]
    if (database === undefined) return []
    const enforced = database.manage === 'enforce'
    const spec: TableDeclaration = {
      database: table.database,
      path: resolve(workspace, database.path),
      table: table.table ?? name,
      renamedFrom: table.renamedFrom ?? null,
      absent: table.absent,
      key: table.key,
      fields: fieldsOf(table),
      indexes: table.indexes.map((index) => ({ on: index.on, unique: index.unique, name: index.name ?? null })),
      enforced,
    }
    return [
      {
        key: { kind: 'table', name },
        spec,
        dependsOn: [{ kind: 'database', name: table.database }],
        observeOnly: !enforced,
      },
    ]
  })
}

function fieldsOf(table: TableSpec): FieldDeclaration[] {
  const declared = Object.entries(table.fields).map(([name, field]) => fieldOf(name, field))
  if (declared.some((field) => field.name === table.key)) return declared
  return [keyField(table.key), ...declared]
}

function keyField(name: string): FieldDeclaration {
  return {
    name,
    type: 'text',
    required: false,
    unique: false,
    default: null,
    onUpdate: false,
    choices: [],
    renamedFrom: null,
    absent: false,
  }
}

function fieldOf(name: string, field: FieldSpec): FieldDeclaration {
  return {
    name,
    type: field.type,
    required: field.required,
    unique: field.unique,
    default: field.default ?? null,
    onUpdate: field.onUpdate === 'now',
    choices: field.choices ?? [],
    renamedFrom: field.renamedFrom ?? null,
    absent: field.absent,
  }
}

/** Whether two names are one to SQLite, which folds the case of ASCII letters. */
export function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase()
}

/** The declared fields that must be there as columns. */
export function presentFields(spec: TableDeclaration): readonly FieldDeclaration[] {
  return spec.fields.filter((field) => !field.absent)
}
