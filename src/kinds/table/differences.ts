/** All that differs between a declared table and what a look found, each with what would mend it. Pure. */
import { changeLogStatements } from '../../targets/sqlite/change-log.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { columnDefinition } from './columns.ts'
import { tableForm } from './create-sql.ts'
import { commonInput, type Difference, draftOf, drift, type Look, orders, type TableLook } from './drafts.ts'
import { absentFieldDifferences, absentTableDifference, unmanagedColumns } from './drop-differences.ts'
import { fieldDifferences } from './field-differences.ts'
import { indexDifferences } from './index-differences.ts'
import { newIndex } from './indexes.ts'
import { keyDifferences } from './key-differences.ts'
import { hidesRowId, rowIdName } from './row-id.ts'
import { presentFields, sameName } from './spec.ts'
import { asItIs, findObject } from './state.ts'
import { triggerDifferences } from './trigger-differences.ts'
import { onUpdateTriggers } from './triggers.ts'
import { unmanagedRules } from './unmanaged-rules.ts'

/** The differences in the order of the declaration. */
export function differencesOf(look: Look): readonly Difference[] {
  const { spec, state } = look
  const { table } = state
  if (state.isView) return spec.absent ? [] : [takenByView(look)]
  if (table === undefined) return spec.absent ? [] : [missingTable(look)]
  if (spec.absent) return [absentTableDifference({ ...look, table })]
  if (table.form !== 'ordinary') return [notOrdinary({ ...look, table })]
  const here: TableLook = { ...look, table }
  const differences = [
    ...oldTableDifference(here),
    ...keyDifferences(here),
    ...spec.fields.flatMap((field) =>
      field.absent ? absentFieldDifferences(here, field) : fieldDifferences(here, field),
    ),
    ...indexDifferences(here),
    ...unmanagedColumns(here),
    ...unmanagedRules(here),
  ]
  const withoutRowId = table.withoutRowId || hidesRowId(table.columns.map((column) => column.name))
  if (withoutRowId) return [noRowId(here), ...differences.map(byHandOnly)]
  return spec.enforced ? [...differences, ...triggerDifferences(here)] : differences
}

function missingTable(look: Look): Difference {
  const { spec, state } = look
  const old = spec.renamedFrom === null ? undefined : findObject(state.objects, 'table', spec.renamedFrom)
  return old === undefined ? createTable(look) : renameTable(look, old.name)
}

/** The statements that make the table as declared, with its indexes and triggers. */
function createStatements(look: Look): readonly string[] {
  const { spec, state } = look
  const fields = presentFields(spec)
  const columns = fields.map((field) => {
    const key = sameName(field.name, spec.key)
    return columnDefinition(field, { key, notNull: field.required && !key })
  })
  const rowId = rowIdName(fields.map((field) => field.name))
  const unique = fields
    .filter((field) => field.unique && !sameName(field.name, spec.key))
    .map((field) => ({ on: [field.name], unique: true, name: null }))
  return [
    `CREATE TABLE ${quoteIdentifier(spec.table)} (\n  ${columns.join(',\n  ')}\n)`,
    ...[...unique, ...spec.indexes].map(
      (index) => newIndex(state.objects, spec.table, { ...index, exceptEmpty: false }).sql,
    ),
    ...onUpdateTriggers(spec, spec.table, rowId, () => true).map(({ sql }) => sql),
    ...changeLogStatements(spec.table, rowId),
  ]
}

function createTable(look: Look): Difference {
  const { spec, state } = look
  const statements = createStatements(look)
  const fields = presentFields(spec)
  return {
    draft: drift({
      path: 'table',
      severity: 'high',
      desired: spec.table,
      observed: null,
      message: `There is no table ${spec.table} in database ${spec.database}.`,
    }),
    repair: {
      is: 'action',
      draft: draftOf(state, {
        verb: 'create-table',
        summary: `Create table ${spec.table} with ${fields.length} columns in database ${spec.database}.`,
        risk: 'low',
        order: orders.table,
        input: {
          ...commonInput(look, [asItIs(state.objects, 'table', spec.table)]),
          does: 'statements',
          statements: [...statements],
          inverse: {
            verb: 'drop-table',
            statements: [`DROP TABLE ${quoteIdentifier(spec.table)}`],
            expect: [{ object: 'table', name: spec.table, table: '', form: tableForm(statements[0] ?? '') }],
            guard: { table: spec.table, where: '1', says: 'have been added since' },
          },
        },
      }),
    },
  }
}

function renameTable(look: Look, old: string): Difference {
  const { spec, state } = look
  const rename = (from: string, to: string) => `ALTER TABLE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`
  const before = asItIs(state.objects, 'table', old)
  return {
    draft: drift({
      path: 'table',
      severity: 'high',
      desired: spec.table,
      observed: old,
      message: `Table ${old} is declared under the new name ${spec.table}.`,
    }),
    repair: {
      is: 'action',
      draft: draftOf(state, {
        verb: 'rename-table',
        summary: `Rename table ${old} to ${spec.table}; programs that use the old name must follow.`,
        risk: 'medium',
        order: orders.table,
        input: {
          ...commonInput(look, [before, asItIs(state.objects, 'table', spec.table)]),
          does: 'statements',
          statements: [rename(old, spec.table)],
          inverse: {
            verb: 'rename-table',
            statements: [rename(spec.table, old)],
            expect: [{ object: 'table', name: old, table: '', form: null }],
            guard: null,
          },
        },
      }),
    },
  }
}

function takenByView(look: Look): Difference {
  const draft = drift({
    path: 'table',
    severity: 'high',
    desired: 'table',
    observed: 'view',
    message: `${look.spec.table} in database ${look.spec.database} is a view, not a table.`,
    byHand: 'Rename or drop the view, or declare the table that it reads.',
  })
  return { draft, repair: undefined }
}

function notOrdinary(look: TableLook): Difference {
  const draft = drift({
    path: 'table',
    severity: 'high',
    desired: 'table',
    observed: `${look.table.form} table`,
    message: `${look.table.name} in database ${look.spec.database} is a ${look.table.form} table, which Trueup does not change.`,
    byHand: 'Copy its records to an ordinary table and declare that one.',
  })
  return { draft, repair: undefined }
}

function noRowId(look: TableLook): Difference {
  const draft = drift({
    path: 'table.rowid',
    severity: 'medium',
    desired: 'rowid',
    observed: look.table.withoutRowId ? 'WITHOUT ROWID' : 'hidden by columns',
    message: `Records of table ${look.table.name} have no rowid, by which Trueup addresses them; it only reports here.`,
    byHand: 'Rebuild the table without the clause WITHOUT ROWID, or mend what is reported by hand.',
  })
  return { draft, repair: undefined }
}

function byHandOnly(difference: Difference): Difference {
  const byHand = difference.draft.byHand ?? 'Mend it by hand; Trueup changes no table without rowid.'
  return { draft: { ...difference.draft, byHand }, repair: undefined }
}

/** The old table is still there beside the new one. */
function oldTableDifference(look: TableLook): Difference[] {
  const { spec, state } = look
  const old = spec.renamedFrom === null ? undefined : findObject(state.objects, 'table', spec.renamedFrom)
  if (old === undefined || sameName(old.name, look.table.name)) return []
  const draft = drift({
    path: 'renamedFrom',
    severity: 'medium',
    desired: spec.table,
    observed: old.name,
    message: `Table ${old.name}, the old name of ${spec.table}, is still there beside it.`,
    byHand: `Declare an import from table ${old.name} to bring its records over, then drop it.`,
  })
  return [{ draft, repair: undefined }]
}
