/** What a declared rename finds: the old column alone, or both, since some program still writes the old one. */
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { answerOf, commonInput, counted, type Difference, draftOf, drift, orders, type TableLook } from './drafts.ts'
import { noQuestions } from './input.ts'
import { columnOf } from './questions.ts'
import { type FieldDeclaration, sameName } from './spec.ts'
import { mentions } from './sql-tokens.ts'
import { asItIs } from './state.ts'

type Column = TableLook['table']['columns'][number]

/** The column is there under its old name only. */
export function renameColumn(look: TableLook, field: FieldDeclaration, old: Column): Difference {
  const { table, state } = look
  const on = quoteIdentifier(table.name)
  const from = quoteIdentifier(old.name)
  const to = quoteIdentifier(field.name)
  const users = state.objects.filter(
    (object) =>
      (object.type === 'view' || object.type === 'trigger') &&
      (sameName(object.on, table.name) || mentions(object.sql, table.name)) &&
      mentions(object.sql, old.name),
  )
  const findings =
    users.length === 0
      ? []
      : [
          {
            code: 'rewrites-dependents',
            count: users.length,
            message: `${users.map((user) => `${user.type} ${user.name}`).join(', ')} will use the new name`,
          },
        ]
  return {
    draft: drift({
      path: `fields.${field.name}.column`,
      severity: 'medium',
      desired: field.name,
      observed: old.name,
      message: `Column ${old.name} of table ${table.name} is declared under the new name ${field.name}.`,
    }),
    repair: {
      is: 'action',
      draft: draftOf(state, {
        verb: 'rename-column',
        summary: `Rename column ${old.name} of table ${table.name} to ${field.name}; programs that use the old name must follow.`,
        risk: 'medium',
        order: orders.renameColumn,
        findings,
        input: {
          ...commonInput(look, [
            asItIs(state.objects, 'column', old.name, table.name),
            asItIs(state.objects, 'column', field.name, table.name),
          ]),
          does: 'statements',
          statements: [`ALTER TABLE ${on} RENAME COLUMN ${from} TO ${to}`],
          inverse: {
            verb: 'rename-column',
            statements: [`ALTER TABLE ${on} RENAME COLUMN ${to} TO ${from}`],
            expect: [{ object: 'column', name: old.name, table: table.name, form: null }],
            guard: null,
          },
        },
      }),
    },
  }
}

/** Both the old and the new column are there: some program still writes the old one. */
export function moveDifferences(look: TableLook, field: FieldDeclaration, column: Column, old: Column): Difference[] {
  const { table, state, spec } = look
  const { affected: movable, preview } = answerOf(state, `move.${field.name}`)
  const differing = answerOf(state, `differ.${field.name}`).affected
  const differences: Difference[] = []
  if (movable.count > 0) {
    const question = { id: `move.${field.name}`, where: moveCondition(column.name, old.name), preview: null }
    const hasKey = columnOf(table, spec.key) !== undefined
    differences.push({
      draft: drift({
        path: `fields.${field.name}.rename`,
        severity: 'medium',
        category: 'data',
        desired: field.name,
        observed: old.name,
        affected: movable,
        message: `${counted(movable.count, 'record')} of table ${table.name} have a value in ${old.name} and none in ${field.name}.`,
      }),
      repair: hasKey
        ? {
            is: 'action',
            draft: draftOf(state, {
              verb: 'move-values',
              summary: `Copy ${counted(movable.count, 'value')} from ${old.name} to ${field.name} where it is empty.`,
              risk: 'high',
              order: orders.cells,
              affected: movable,
              preview,
              population: state.answers.rows,
              reversible: 'from-checkpoint',
              input: {
                ...commonInput(
                  look,
                  [
                    asItIs(state.objects, 'column', old.name, table.name),
                    asItIs(state.objects, 'column', column.name, table.name),
                  ],
                  { ...noQuestions, conditions: [question] },
                ),
                does: 'cells',
                how: { is: 'move', from: old.name, to: column.name },
              },
            }),
          }
        : undefined,
    })
  }
  if (differing.count > 0) {
    differences.push({
      draft: drift({
        path: `fields.${field.name}.renameConflict`,
        severity: 'low',
        category: 'data',
        desired: field.name,
        observed: old.name,
        affected: differing,
        message: `${counted(differing.count, 'record')} of table ${table.name} have different values in ${old.name} and ${field.name}.`,
        byHand: `Decide which value is right in these records, then empty ${old.name} there or ask for its removal with absent: true.`,
      }),
      repair: undefined,
    })
  }
  return differences
}

/** The condition that the old column has a value which the new one lacks. */
export function moveCondition(to: string, from: string): string {
  const [target, source] = [quoteIdentifier(to), quoteIdentifier(from)]
  return `((${source} IS NOT NULL AND ${source} <> '') AND (${target} IS NULL OR ${target} = ''))`
}
