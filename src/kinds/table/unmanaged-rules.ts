/**
 * Rules that the table keeps and nothing declares, as when an entry was taken out of the file: they are left as they are,
 * since dropping one can let bad rows in or slow a program down, and they are said to be there.
 */
import { type IndexSchema, quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { type Difference, drift, type TableLook } from './drafts.ts'
import { satisfyingIndex, type WantedIndex } from './indexes.ts'
import { columnOf } from './questions.ts'
import { presentFields, sameName } from './spec.ts'

/** Indexes, uniqueness and NOT NULL that no entry asks for, each as a drift of low severity. Pure. */
export function unmanagedRules(look: TableLook): readonly Difference[] {
  return [...unmanagedIndexes(look), ...unmanagedNotNull(look)]
}

function unmanagedIndexes({ table, spec }: TableLook): readonly Difference[] {
  const wanted: readonly WantedIndex[] = [
    { on: [spec.key], unique: true },
    ...presentFields(spec)
      .filter((field) => field.unique)
      .map((field) => ({ on: [field.name], unique: true })),
    ...spec.indexes,
  ]
  const serving = new Set(wanted.map((one) => satisfyingIndex(table, one)?.name))
  return table.indexes
    .filter((index) => index.origin !== 'primary-key' && !serving.has(index.name))
    .map((index) => differenceOf(told(index)))

  function howToDeclare({ partial, expressions, terms }: IndexSchema): string {
    if (partial || expressions) return 'It cannot be declared: leave it'
    const isDeclared = (name: string | undefined) =>
      name !== undefined &&
      (sameName(name, spec.key) || presentFields(spec).some((field) => sameName(field.name, name)))
    return terms.every(({ column }) => isDeclared(column))
      ? 'Declare it under indexes to have it managed'
      : 'Declare its columns, then it under indexes, to have it managed'
  }

  function told(index: IndexSchema): Told {
    const columns = index.terms.map(({ column }) => column ?? 'an expression').join(', ')
    const drop =
      index.origin === 'create'
        ? `drop it with DROP INDEX ${quoteIdentifier(index.name)}`
        : 'rebuild the table without the constraint'
    return index.unique
      ? {
          path: `unmanaged.unique.${index.name}`,
          observed: `unique (${columns})`,
          message: `Index ${index.name} of table ${table.name} keeps ${columns} unique, which is not declared; Trueup leaves it.`,
          byHand: `Declare \`unique: true\` (or a unique index) to have it managed, or ${drop}.`,
        }
      : {
          path: `unmanaged.index.${index.name}`,
          observed: `index (${columns})`,
          message: `Index ${index.name} of table ${table.name} on ${columns} is not declared; Trueup leaves it.`,
          byHand: `${howToDeclare(index)}, or ${drop}.`,
        }
  }
}

function unmanagedNotNull({ table, spec }: TableLook): readonly Difference[] {
  return presentFields(spec)
    .filter((field) => !field.required && !sameName(field.name, spec.key))
    .flatMap((field) => columnOf(table, field.name) ?? [])
    .filter((column) => column.notNull && column.defaultSql === undefined && column.primaryKey === 0)
    .map((column) =>
      differenceOf({
        path: `unmanaged.required.${column.name}`,
        observed: 'NOT NULL',
        message: `Column ${column.name} of table ${table.name} refuses empty cells, which is not declared; Trueup leaves it.`,
        byHand: 'Declare `required: true` to have it managed, or rebuild the table without NOT NULL.',
      }),
    )
}

interface Told {
  readonly path: string
  readonly observed: string
  readonly message: string
  readonly byHand: string
}

function differenceOf({ path, observed, message, byHand }: Told): Difference {
  return { draft: drift({ path, severity: 'low', desired: null, observed, message, byHand }), repair: undefined }
}
