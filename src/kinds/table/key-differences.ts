/** What differs about the key: every record must have one, and no two the same. */
import { affinityOf, sqlTypeOf } from './columns.ts'
import { commonInput, counted, type Difference, draftOf, drift, orders, type TableLook } from './drafts.ts'
import { indexDifference } from './index-differences.ts'
import { noQuestions } from './input.ts'
import { columnOf, isRowId } from './questions.ts'
import { sameName } from './spec.ts'
import { asItIs } from './state.ts'

/** The differences of the key column, where it is there. */
export function keyDifferences(look: TableLook): readonly Difference[] {
  const { table, spec } = look
  const column = columnOf(table, spec.key)
  if (column === undefined) return []
  if (isRowId(table, spec.key)) return numberedKey(look)
  return [...missingKeys(look, column.name, column.generated !== 'no'), ...repeatedKeys(look, column.name)]
}

/** SQLite numbers these records itself; such keys are kept as they are, since a change would break what refers to them. */
function numberedKey(look: TableLook): Difference[] {
  const { table, spec } = look
  const declared = spec.fields.find((field) => sameName(field.name, spec.key))
  if (declared !== undefined && sqlTypeOf(declared.type) === 'INTEGER') return []
  const draft = drift({
    path: 'key.type',
    severity: 'low',
    desired: 'TEXT',
    observed: 'INTEGER PRIMARY KEY',
    message: `Records of table ${table.name} are numbered by SQLite; the numbers serve as keys.`,
    byHand: `Declare ${spec.key} with type: integer to say so, or name another column as key to give the records UUIDs.`,
  })
  return [{ draft, repair: undefined }]
}

function missingKeys(look: TableLook, key: string, generated: boolean): Difference[] {
  const { missingKeys: missing, rows } = look.state.answers
  if (missing.count === 0) return []
  const column = columnOf(look.table, key)
  const draft = drift({
    path: 'key.missing',
    severity: 'medium',
    category: 'data',
    desired: 'a key in every record',
    observed: missing.count,
    affected: { count: missing.count, sample: missing.sample },
    message: `${counted(missing.count, 'record')} of table ${look.table.name} have no ${key}.`,
  })
  const numeric = look.table.strict && column !== undefined && !['TEXT', 'BLOB'].includes(affinityOf(column.type))
  if (generated || numeric) {
    const byHand = `Column ${key} cannot hold a UUID; give these records a key by hand.`
    return [{ draft: { ...draft, byHand }, repair: undefined }]
  }
  return [
    {
      draft,
      repair: {
        is: 'action',
        draft: draftOf(look.state, {
          verb: 'fill-key',
          summary: `Give ${counted(missing.count, 'record')} without ${key} a UUID.`,
          risk: 'low',
          order: orders.cells,
          affected: { count: missing.count, sample: missing.sample },
          population: rows,
          reversible: 'from-checkpoint',
          input: {
            ...commonInput(look, [asItIs(look.state.objects, 'column', key, look.table.name)], {
              ...noQuestions,
              missingKeysOf: key,
            }),
            does: 'cells',
            how: { is: 'fill-key' },
          },
        }),
      },
    },
  ]
}

function repeatedKeys(look: TableLook, key: string): readonly Difference[] {
  // Empty keys are filled first; they would be refused as equal.
  const answer = look.state.answers.groupings.key
  if (answer !== undefined && answer.groups === 0 && answer.emptyRows > 0) return []
  return indexDifference(look, {
    id: 'key',
    path: 'key.unique',
    on: [key],
    unique: true,
    name: null,
    what: `key ${key}`,
  })
}
