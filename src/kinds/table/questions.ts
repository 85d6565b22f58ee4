/** Which questions about the rows the declaration raises on the table as it is. What SQLite itself enforces is not asked. */
import type { TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { checksOf, demandsDeclared } from './checks.ts'
import { checkExpression, convertsCondition, holdsUnchanged, lossyCondition, sqlTypeOf } from './columns.ts'
import { columnPart, parseCreateTable } from './create-sql.ts'
import { satisfyingIndex } from './indexes.ts'
import type { Condition, Grouping, Questions } from './scan.ts'
import { type FieldDeclaration, presentFields, sameName, type TableDeclaration } from './spec.ts'

/** The column of that name in the real table. */
export function columnOf(table: TableSchema, name: string): TableSchema['columns'][number] | undefined {
  return table.columns.find((column) => sameName(column.name, name))
}

/** Whether the column is SQLite's rowid by another name; then it never lacks a value. */
export function isRowId(table: TableSchema, name: string): boolean {
  const column = columnOf(table, name)
  const keys = table.columns.filter((other) => other.primaryKey > 0)
  return column?.primaryKey === 1 && keys.length === 1 && /^INTEGER$/i.test(column.type) && !table.withoutRowId
}

/** The old column of a declared rename, where it is there and is no field of its own. */
export function oldColumnOf(spec: TableDeclaration, table: TableSchema, field: FieldDeclaration) {
  const { renamedFrom } = field
  if (renamedFrom === null || spec.fields.some((other) => sameName(other.name, renamedFrom))) return undefined
  return columnOf(table, renamedFrom)
}

/** Whether the column has a check that demands exactly what is declared. */
export function hasDeclaredCheck(table: TableSchema, field: FieldDeclaration): boolean {
  const parsed = parseCreateTable(table.sql)
  const part = parsed === undefined ? undefined : columnPart(parsed, field.name)
  if (parsed === undefined || part === undefined) return false
  return checksOf(parsed, part).some((check) => demandsDeclared(field, check.demand))
}

/** The questions for a full look. */
export function questionsFor(spec: TableDeclaration, table: TableSchema): Questions {
  if (table.form !== 'ordinary') return { conditions: [], groupings: [], missingKeysOf: null }
  if (spec.absent) return { conditions: [], groupings: [], missingKeysOf: null }
  const key = columnOf(table, spec.key)
  const asksKeys = key !== undefined && !isRowId(table, spec.key) && !table.withoutRowId && key.generated === 'no'
  return {
    conditions: spec.fields.flatMap((field) => conditionsFor(spec, table, field)),
    groupings: groupingsFor(spec, table),
    missingKeysOf: asksKeys ? key.name : null,
  }
}

function conditionsFor(spec: TableDeclaration, table: TableSchema, field: FieldDeclaration): Condition[] {
  const column = columnOf(table, field.name)
  if (column === undefined) return []
  const cell = quoteIdentifier(column.name)
  if (field.absent) {
    const preview = { field: field.name, before: cell, after: 'NULL' }
    return [{ id: `values.${field.name}`, where: `${cell} IS NOT NULL`, preview }]
  }
  const conditions: Condition[] = []
  const old = oldColumnOf(spec, table, field)
  if (old !== undefined) conditions.push(...moveConditions(field.name, cell, quoteIdentifier(old.name)))
  const isKey = sameName(field.name, spec.key)
  if (isKey || column.generated !== 'no') return conditions
  if (!holdsUnchanged(field, column.type)) {
    conditions.push({ id: `lossy.${field.name}`, where: lossyCondition(field, column.name), preview: null })
    const type = sqlTypeOf(field.type)
    const preview = { field: field.name, before: cell, after: `CAST(${cell} AS ${type})` }
    conditions.push({ id: `converts.${field.name}`, where: convertsCondition(type, column.name), preview })
  }
  const check = checkExpression(field, column.name)
  if (check !== undefined && !hasDeclaredCheck(table, field)) {
    conditions.push({ id: `check.${field.name}`, where: `NOT (${check})`, preview: null })
  }
  if (field.required && !column.notNull)
    conditions.push({ id: `required.${field.name}`, where: `${cell} IS NULL`, preview: null })
  return conditions
}

/** Values that can move from the old column to the new, and those where both columns have one of their own. */
function moveConditions(field: string, to: string, from: string): Condition[] {
  const filled = `(${from} IS NOT NULL AND ${from} <> '')`
  const free = `(${to} IS NULL OR ${to} = '')`
  return [
    { id: `move.${field}`, where: `(${filled} AND ${free})`, preview: { field, before: to, after: from } },
    { id: `differ.${field}`, where: `(${filled} AND NOT ${free} AND ${from} IS NOT ${to})`, preview: null },
  ]
}

function groupingsFor(spec: TableDeclaration, table: TableSchema): Grouping[] {
  const wanted = [
    ...(columnOf(table, spec.key) === undefined || isRowId(table, spec.key)
      ? []
      : [{ id: 'key', columns: [spec.key] }]),
    ...presentFields(spec)
      .filter((field) => field.unique && !sameName(field.name, spec.key))
      .map((field) => ({ id: `unique.${field.name}`, columns: [field.name] })),
    ...spec.indexes
      .filter((index) => index.unique)
      .map((index) => ({ id: `index.${index.on.join(',')}`, columns: [...index.on] })),
  ]
  return wanted.filter(
    ({ columns }) =>
      columns.every((column) => columnOf(table, column) !== undefined) &&
      satisfyingIndex(table, { on: columns, unique: true }) === undefined,
  )
}
