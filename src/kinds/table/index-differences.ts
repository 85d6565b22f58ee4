/** Which declared index or uniqueness is not there, and whether the rows allow it. */
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { commonInput, counted, type Difference, draftOf, drift, orders, type TableLook } from './drafts.ts'
import { newIndex, replacedIndex, satisfyingIndex } from './indexes.ts'
import { noQuestions } from './input.ts'
import { columnOf } from './questions.ts'
import type { GroupAnswer } from './scan.ts'
import { presentFields, sameName } from './spec.ts'
import { formOf } from './sql-tokens.ts'
import { asItIs } from './state.ts'

interface Wanted {
  /** Of the question whether rows repeat. */
  readonly id: string
  readonly path: string
  readonly on: readonly string[]
  readonly unique: boolean
  readonly name: string | null
  /** For people: `email`, `key id`. */
  readonly what: string
}

/** The differences of unique fields and of the `indexes` section. */
export function indexDifferences(look: TableLook): readonly Difference[] {
  const { spec } = look
  const unique = presentFields(spec)
    .filter((field) => field.unique && !sameName(field.name, spec.key))
    .map((field) => ({
      id: `unique.${field.name}`,
      path: `unique.${field.name}`,
      on: [field.name],
      unique: true,
      name: null,
      what: field.name,
    }))
  const declared = spec.indexes.map((index) => {
    const what = index.on.join(', ')
    return { id: `index.${index.on.join(',')}`, path: `indexes.${index.on.join(',')}`, what, ...index }
  })
  return [...unique, ...declared].flatMap((wanted) => indexDifference(look, wanted))
}

/** The difference of one index; none while a column of it is missing, which is a drift of its own. */
export function indexDifference(look: TableLook, wanted: Wanted): readonly Difference[] {
  const { table } = look
  const columns = wanted.on.map((name) => columnOf(table, name)?.name)
  const on = columns.flatMap((column) => column ?? [])
  if (on.length < columns.length || satisfyingIndex(table, wanted) !== undefined) return []
  const answer = wanted.unique ? look.state.answers.groupings[wanted.id] : undefined
  const [only] = on
  if (answer !== undefined && answer.groups > 0) return [repeated(look, wanted, answer)]
  return [missing(look, { ...wanted, on }, only !== undefined && on.length === 1 ? (answer?.emptyRows ?? 0) : 0)]
}

/** Rows share a value that must be unique: nothing can be built until a person, or the merge of duplicates, has decided. */
function repeated(look: TableLook, wanted: Wanted, answer: GroupAnswer): Difference {
  const draft = drift({
    path: wanted.path,
    // Two records under one key cannot be told apart; other values that should be unique leave the data usable.
    severity: wanted.path === 'key.unique' ? 'high' : 'medium',
    category: 'data',
    desired: 'unique',
    observed: answer.groups,
    affected: answer.rows,
    message: `${counted(answer.groups, 'value')} of ${wanted.what} in table ${look.table.name} are shared by ${counted(answer.rows.count, 'record')}.`,
    byHand: `Merge the duplicates or correct ${wanted.what} in these records; it is then made unique by itself.`,
  })
  return { draft, repair: undefined }
}

function missing(look: TableLook, wanted: Wanted, emptyRows: number): Difference {
  const { state, table } = look
  const exceptEmpty = emptyRows > 0
  const index = newIndex(state.objects, table.name, { ...wanted, exceptEmpty })
  const replaced = replacedIndex(state.objects, table.name, index.name)
  const drop = (name: string) => `DROP INDEX ${quoteIdentifier(name)}`
  const except = exceptEmpty ? ` (empty text aside, which ${counted(emptyRows, 'record')} have)` : ''
  const questions = wanted.unique
    ? { ...noQuestions, groupings: [{ id: wanted.id, columns: [...wanted.on] }] }
    : noQuestions
  return {
    draft: drift({
      path: wanted.path,
      severity: wanted.unique ? 'medium' : 'low',
      desired: index.sql,
      observed: replaced?.sql ?? null,
      message: wanted.unique
        ? `Nothing keeps ${wanted.what} of table ${table.name} unique.`
        : `Table ${table.name} has no index on ${wanted.what}.`,
    }),
    repair: {
      is: 'action',
      draft: draftOf(state, {
        verb: wanted.unique ? 'add-unique-index' : 'add-index',
        summary: wanted.unique
          ? `Make ${wanted.what} of table ${table.name} unique${except} by index ${index.name}.`
          : `Add index ${index.name} on ${wanted.what} to table ${table.name}.`,
        risk: wanted.unique ? 'medium' : 'low',
        order: orders.index,
        input: {
          ...commonInput(
            look,
            [
              asItIs(state.objects, 'index', index.name),
              ...wanted.on.map((column) => asItIs(state.objects, 'column', column, table.name)),
            ],
            questions,
          ),
          does: 'statements',
          statements: [...(replaced === undefined ? [] : [drop(replaced.name)]), index.sql],
          inverse: {
            verb: 'drop-index',
            statements: [drop(index.name), ...(replaced === undefined ? [] : [replaced.sql])],
            expect: [{ object: 'index', name: index.name, table: '', form: formOf(index.sql) }],
            guard: null,
          },
        },
      }),
    },
  }
}
