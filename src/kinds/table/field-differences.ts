/** What differs between one declared field and its column, and what would mend it. */
import type { DriftDraft } from '../../engine/drift.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { checksOf } from './checks.ts'
import {
  checkExpression,
  columnDefinition,
  defaultExpression,
  defaultsAgree,
  defaultsToNow,
  holdsUnchanged,
  lossyCondition,
  sqlTypeOf,
} from './columns.ts'
import { columnPart, parseCreateTable } from './create-sql.ts'
import {
  answerOf,
  type ColumnChange,
  commonInput,
  counted,
  type Difference,
  draftOf,
  drift,
  orders,
  type TableLook,
} from './drafts.ts'
import { noQuestions } from './input.ts'
import { columnOf, hasDeclaredCheck, oldColumnOf } from './questions.ts'
import { moveDifferences, renameColumn } from './rename-differences.ts'
import { type FieldDeclaration, sameName } from './spec.ts'
import { formOf } from './sql-tokens.ts'
import { asItIs } from './state.ts'

type Column = TableLook['table']['columns'][number]

/** The differences of a field that must be there. */
export function fieldDifferences(look: TableLook, field: FieldDeclaration): readonly Difference[] {
  const column = columnOf(look.table, field.name)
  const old = oldColumnOf(look.spec, look.table, field)
  if (column === undefined) return [old === undefined ? missingColumn(look, field) : renameColumn(look, field, old)]
  const moves = old === undefined ? [] : moveDifferences(look, field, column, old)
  if (sameName(field.name, look.spec.key)) return moves
  if (column.generated !== 'no') return [...moves, generatedColumn(field)]
  return [
    ...moves,
    ...typeDifferences(look, field, column),
    ...checkDifferences(look, field, column),
    ...requiredDifferences(look, field, column),
    ...defaultDifferences(field, column),
  ]
}

function missingColumn(look: TableLook, field: FieldDeclaration): Difference {
  const { table } = look
  const isKey = sameName(field.name, look.spec.key)
  const message = `Table ${table.name} has no column ${field.name}${isKey ? ', which is declared as its key' : ''}.`
  const draft = drift({
    path: `fields.${field.name}.column`,
    severity: isKey ? 'high' : 'medium',
    desired: sqlTypeOf(field.type),
    observed: null,
    message,
  })
  // Existing records have no value for a moment that nobody recorded; NOT NULL joins when every record has a value.
  if (defaultsToNow(field)) {
    const add = columnDefinition(field, { key: false, notNull: false })
    return { draft, repair: { is: 'change', change: { column: field.name, add, evidence: noQuestions } } }
  }
  const value = defaultExpression(field)
  const definition = columnDefinition(field, { key: false, notNull: field.required && value !== undefined })
  const on = quoteIdentifier(table.name)
  const name = quoteIdentifier(field.name)
  const given = value === undefined ? 'empty' : `${value} in ${counted(look.state.answers.rows, 'record')}`
  return {
    draft,
    repair: {
      is: 'action',
      draft: draftOf(look.state, {
        verb: 'add-column',
        summary: `Add column ${field.name} (${sqlTypeOf(field.type)}) to table ${table.name}, ${given}.`,
        risk: 'low',
        order: orders.addColumn,
        input: {
          ...commonInput(look, [asItIs(look.state.objects, 'column', field.name, table.name)]),
          does: 'statements',
          statements: [`ALTER TABLE ${on} ADD COLUMN ${definition}`],
          inverse: {
            verb: 'drop-column',
            statements: [`ALTER TABLE ${on} DROP COLUMN ${name}`],
            expect: [{ object: 'column', name: field.name, table: table.name, form: formOf(definition) }],
            guard: {
              table: table.name,
              where: `${name} IS NOT ${value ?? 'NULL'}`,
              says: 'have been given a value since',
            },
          },
        },
      }),
    },
  }
}

function generatedColumn(field: FieldDeclaration): Difference {
  return {
    draft: drift({
      path: `fields.${field.name}.generated`,
      severity: 'low',
      desired: sqlTypeOf(field.type),
      observed: 'generated',
      message: `Column ${field.name} is computed by SQLite and cannot be written.`,
      byHand: 'Take the field out of the desired state, or replace the generated column by an ordinary one.',
    }),
    repair: undefined,
  }
}

/** A change of a column by rebuild, or what stands in its way. */
function changeOrByHand(
  look: TableLook,
  column: Column,
  draft: DriftDraft,
  change: Omit<ColumnChange, 'column'>,
): Difference {
  const parsed = parseCreateTable(look.table.sql)
  const part = parsed === undefined ? undefined : columnPart(parsed, column.name)
  if (part === undefined) {
    const byHand = `The statement of table ${look.table.name} cannot be edited safely; rebuild the table by hand.`
    return { draft: { ...draft, byHand }, repair: undefined }
  }
  return { draft, repair: { is: 'change', change: { column: column.name, ...change } } }
}

function typeDifferences(look: TableLook, field: FieldDeclaration, column: Column): Difference[] {
  if (holdsUnchanged(field, column.type)) return []
  const type = sqlTypeOf(field.type)
  const lossy = answerOf(look.state, `lossy.${field.name}`).affected
  const draft = drift({
    path: `fields.${field.name}.type`,
    severity: 'medium',
    desired: type,
    observed: column.type,
    message: `Column ${field.name} has type ${column.type}, which changes values of a ${field.type} field; ${type} is declared.`,
  })
  if (column.primaryKey > 0) {
    return [
      {
        draft: { ...draft, byHand: 'The column is part of the primary key; Trueup does not change its type.' },
        repair: undefined,
      },
    ]
  }
  if (lossy.count > 0) {
    const message = `${counted(lossy.count, 'value')} in ${field.name} cannot become ${type} without loss; the column stays ${column.type}.`
    const byHand = `Correct or empty ${field.name} in these records; the type is changed by itself afterwards.`
    return [{ draft: { ...draft, category: 'data', affected: lossy, message, byHand }, repair: undefined }]
  }
  const question = { id: `lossy.${field.name}`, where: lossyCondition(field, column.name), preview: null }
  return [changeOrByHand(look, column, draft, { type, evidence: { ...noQuestions, conditions: [question] } })]
}

function checkDifferences(look: TableLook, field: FieldDeclaration, column: Column): Difference[] {
  const check = checkExpression(field, column.name)
  if (check === undefined || hasDeclaredCheck(look.table, field)) return []
  const breaking = answerOf(look.state, `check.${field.name}`).affected
  const path = `fields.${field.name}.check`
  if (breaking.count > 0) {
    const draft = drift({
      path,
      severity: 'medium',
      category: 'data',
      desired: check,
      observed: null,
      affected: breaking,
      message: `${counted(breaking.count, 'record')} of table ${look.table.name} hold a value in ${field.name} that the declaration does not allow.`,
      byHand: `Correct ${field.name} in these records or declare the values; the check is added by itself afterwards.`,
    })
    return [{ draft, repair: undefined }]
  }
  const draft = drift({
    path,
    severity: 'low',
    desired: check,
    observed: null,
    message: `Column ${field.name} lacks the check that keeps other values out.`,
  })
  if (hasSharedCheck(look, field)) {
    const byHand = `A check among the constraints of table ${look.table.name} allows other values; replace it by hand.`
    return [{ draft: { ...draft, byHand }, repair: undefined }]
  }
  const question = { id: `check.${field.name}`, where: `NOT (${check})`, preview: null }
  return [changeOrByHand(look, column, draft, { check, evidence: { ...noQuestions, conditions: [question] } })]
}

/** Whether a check with another list stands outside of the column, where an edit of the column cannot replace it. */
function hasSharedCheck(look: TableLook, field: FieldDeclaration): boolean {
  const parsed = parseCreateTable(look.table.sql)
  const part = parsed === undefined ? undefined : columnPart(parsed, field.name)
  if (parsed === undefined || part === undefined) return false
  return checksOf(parsed, part).some((check) => check.constraint === undefined)
}

function requiredDifferences(look: TableLook, field: FieldDeclaration, column: Column): Difference[] {
  if (!field.required || column.notNull || column.primaryKey > 0) return []
  const empty = answerOf(look.state, `required.${field.name}`).affected
  const draft = drift({
    path: `fields.${field.name}.required`,
    severity: 'low',
    desired: true,
    observed: false,
    message: `Column ${field.name} is required, but may be empty.`,
  })
  if (empty.count > 0) {
    const message = `${counted(empty.count, 'record')} of table ${look.table.name} have no ${field.name}, which is required.`
    const byHand = `Fill ${field.name} in these records; the column is then made NOT NULL by itself.`
    return [
      {
        draft: { ...draft, severity: 'medium', category: 'data', affected: empty, message, byHand },
        repair: undefined,
      },
    ]
  }
  const question = { id: `required.${field.name}`, where: `${quoteIdentifier(column.name)} IS NULL`, preview: null }
  return [changeOrByHand(look, column, draft, { notNull: true, evidence: { ...noQuestions, conditions: [question] } })]
}

function defaultDifferences(field: FieldDeclaration, column: Column): Difference[] {
  const value = defaultExpression(field)
  if (value === undefined || defaultsAgree(field, column.defaultSql)) return []
  return [
    {
      draft: drift({
        path: `fields.${field.name}.default`,
        severity: 'low',
        desired: value,
        observed: column.defaultSql ?? null,
        message: `New records are given ${column.defaultSql ?? 'nothing'} in ${field.name}; ${value} is declared.`,
      }),
      repair: { is: 'change', change: { column: column.name, default: value, evidence: noQuestions } },
    },
  ]
}
