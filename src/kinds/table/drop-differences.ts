/** Columns that are asked to go (`absent: true`), and those that nobody declared. */
import { fieldNameSchema } from '../../desired/schema/scalars.ts'
import { snakeCaseOf } from '../../desired/snake-case.ts'
import type { Finding } from '../../engine/action.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { columnPart, columnParts, columnsBefore, parseCreateTable } from './create-sql.ts'
import {
  allRows,
  answerOf,
  commonInput,
  counted,
  type Difference,
  draftOf,
  drift,
  orders,
  riskOfLosing,
  type TableLook,
} from './drafts.ts'
import { noQuestions } from './input.ts'
import { columnOf } from './questions.ts'
import { type FieldDeclaration, sameName } from './spec.ts'
import { mentions } from './sql-tokens.ts'
import { asItIs, type SchemaObject } from './state.ts'
import { isOnUpdateTrigger } from './triggers.ts'

/** The difference of a field that must not be there; none where it is not. */
export function absentFieldDifferences(look: TableLook, field: FieldDeclaration): readonly Difference[] {
  const { table, state, spec } = look
  const column = columnOf(table, field.name)
  if (column === undefined) return []
  const { affected: values, preview } = answerOf(state, `values.${field.name}`)
  const draft = drift({
    path: `fields.${field.name}.absent`,
    severity: 'low',
    desired: null,
    observed: column.type,
    affected: values,
    message: `Column ${column.name} of table ${table.name} is asked to go; it holds ${counted(values.count, 'value')}.`,
  })
  const blockers = blockersOf(look, column.name)
  if (blockers.length > 0) {
    const byHand = `Column ${column.name} is used by ${blockers.join(', ')}; take it out there first.`
    return [{ draft: { ...draft, byHand }, repair: undefined }]
  }
  const parsed = parseCreateTable(table.sql)
  const part = parsed === undefined ? undefined : columnPart(parsed, column.name)
  if (parsed === undefined || part === undefined || columnOf(table, spec.key) === undefined) {
    return [{ draft, repair: undefined }]
  }
  const indexes = indexesWith(look, column.name)
  const stamps = state.objects.filter(
    (object) =>
      object.type === 'trigger' &&
      isOnUpdateTrigger(object.name) &&
      sameName(object.on, table.name) &&
      mentions(object.sql, column.name),
  )
  const cell = quoteIdentifier(column.name)
  return [
    {
      draft,
      repair: {
        is: 'action',
        draft: draftOf(state, {
          verb: 'drop-column',
          summary: `Drop column ${column.name} of table ${table.name} with ${counted(values.count, 'value')}.`,
          risk: riskOfLosing(values.count),
          order: orders.dropColumn,
          findings: findingsOf(values.count, indexes),
          affected: values,
          preview,
          population: values.count === 0 ? 0 : state.answers.rows,
          reversible: 'from-checkpoint',
          input: {
            ...commonInput(look, [asItIs(state.objects, 'column', column.name, table.name)], {
              ...noQuestions,
              conditions: [{ id: `values.${field.name}`, where: `${cell} IS NOT NULL`, preview: null }],
            }),
            does: 'rebuild',
            edits: [{ column: column.name, before: part.text, after: null, follows: columnsBefore(parsed, part) }],
            drop: [...indexes, ...stamps],
            create: [],
            keeps: [{ column: column.name, where: `${cell} IS NOT NULL`, to: 'none' }],
            restores: null,
          },
        }),
      },
    },
  ]
}

function findingsOf(values: number, indexes: readonly SchemaObject[]): Finding[] {
  const lost = {
    code: 'drops-values',
    count: values,
    message: `${counted(values, 'value')} would go; they are kept for undo`,
  }
  const names = indexes.map((index) => index.name).join(', ')
  const dropped = { code: 'drops-indexes', count: indexes.length, message: `index ${names} goes with the column` }
  return [...(values > 0 ? [lost] : []), ...(indexes.length > 0 ? [dropped] : [])]
}

/** The created indexes that use the column; those of its own constraints go with it. */
function indexesWith(look: TableLook, column: string): SchemaObject[] {
  return look.state.objects.filter(
    (object) => object.type === 'index' && sameName(object.on, look.table.name) && mentions(object.sql, column),
  )
}

/** What would break if the column went. */
function blockersOf(look: TableLook, column: string): string[] {
  const { table, state, spec } = look
  const parsed = parseCreateTable(table.sql)
  if (parsed === undefined) return ['a statement that cannot be read']
  const own = columnOf(table, column)
  const isKey = (own?.primaryKey ?? 0) > 0 || sameName(column, spec.key)
  const constraints = parsed.parts.filter((part) => part.is === 'constraint' && mentions(part.text, column))
  const columns = columnParts(parsed).filter(
    (part) =>
      !sameName(part.name, column) &&
      part.constraints.some(
        (constraint) =>
          (constraint.is === 'check' || constraint.is === 'generated') && mentions(constraint.text, column),
      ),
  )
  const references = state.referencedBy.filter((reference) =>
    reference.toColumns.some((to) => to !== undefined && sameName(to, column)),
  )
  const users = state.objects.filter(
    (object) =>
      (object.type === 'view' || object.type === 'trigger') &&
      !isOnUpdateTrigger(object.name) &&
      (sameName(object.on, table.name) || mentions(object.sql, table.name)) &&
      mentions(object.sql, column),
  )
  return [
    ...(isKey ? ['the key of the table'] : []),
    ...constraints.map((part) => `the constraint ${part.text}`),
    ...columns.map((part) => `column ${part.name}`),
    ...references.map((reference) => `a foreign key of table ${reference.table}`),
    ...users.map((user) => `${user.type} ${user.name}`),
    ...(columnParts(parsed).length === 1 ? ['the table as its only column'] : []),
  ]
}

/** Columns that the declaration does not name: they are kept, and said to be there. */
export function unmanagedColumns(look: TableLook): readonly Difference[] {
  const { table, spec } = look
  const declared = (name: string) =>
    sameName(name, spec.key) ||
    spec.fields.some((field) => sameName(field.name, name) || waitsForRename(look, field, name))
  return (
    table.columns
      // One that SQLite computes cannot be declared, so that nobody could do anything about it.
      .filter((column) => column.generated === 'no' && !declared(column.name))
      .map((column) => ({
        draft: drift({
          path: `unmanaged.${column.name}`,
          severity: 'low',
          desired: null,
          observed: column.type,
          message: `Column ${column.name} of table ${table.name} is not declared; Trueup keeps it and does nothing with it.`,
          byHand: howToDeclare(column.name),
        }),
        repair: undefined,
      }))
  )
}

function howToDeclare(column: string): string {
  if (fieldNameSchema.safeParse(column.toLowerCase()).success)
    return 'Declare it under fields to have it managed, or with absent: true to have it removed.'
  const entry = `${snakeCaseOf(column) || 'NAME'}: { type: …, renamedFrom: ${JSON.stringify(column)} }`
  return `No field can have this name. Declare ${entry} to have it renamed and managed; programs that use it must follow.`
}

function waitsForRename(look: TableLook, field: FieldDeclaration, name: string): boolean {
  return (
    field.renamedFrom !== null && sameName(field.renamedFrom, name) && columnOf(look.table, field.name) === undefined
  )
}

/** The difference of a table that must not be there. */
export function absentTableDifference(look: TableLook): Difference {
  const { table, state } = look
  const { rows } = state.answers
  const draft = drift({
    path: 'absent',
    severity: 'low',
    desired: null,
    observed: table.name,
    affected: { count: rows, sample: [] },
    message: `Table ${table.name} is asked to go; it holds ${counted(rows, 'record')}.`,
  })
  const users = state.objects.filter(
    (object) =>
      (object.type === 'view' || object.type === 'trigger') &&
      !sameName(object.on, table.name) &&
      mentions(object.sql, table.name),
  )
  const blockers = [
    ...state.referencedBy.map((reference) => `a foreign key of table ${reference.table}`),
    ...users.map((user) => `${user.type} ${user.name}`),
  ]
  if (blockers.length > 0) {
    const byHand = `Table ${table.name} is used by ${blockers.join(', ')}; take it out there first.`
    return { draft: { ...draft, byHand }, repair: undefined }
  }
  if (table.withoutRowId || table.form !== 'ordinary' || columnOf(table, look.spec.key) === undefined) {
    const byHand = `The records of table ${table.name} cannot be kept for undo; drop it by hand after a backup.`
    return { draft: { ...draft, byHand }, repair: undefined }
  }
  const own = state.objects.filter((object) => object.type !== 'view' && sameName(object.on, table.name))
  return {
    draft,
    repair: {
      is: 'action',
      draft: draftOf(state, {
        verb: 'drop-table',
        summary: `Drop table ${table.name} with ${counted(rows, 'record')}.`,
        risk: riskOfLosing(rows),
        order: orders.table,
        findings:
          rows === 0
            ? []
            : [
                {
                  code: 'drops-records',
                  count: rows,
                  message: `${counted(rows, 'record')} would go; they are kept for undo`,
                },
              ],
        affected: { count: rows, sample: [] },
        population: rows,
        reversible: 'from-checkpoint',
        input: {
          ...commonInput(look, [asItIs(state.objects, 'table', table.name)], { ...noQuestions, conditions: [allRows] }),
          does: 'drop-table',
          objects: [...own],
        },
      }),
    },
  }
}
