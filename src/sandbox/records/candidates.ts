/** Finds the few records that a formula can keep at all, for the two filters that syncing asks most: ids and keys. */
import type { Syntax } from '../formula/syntax.ts'
import type { Table } from '../metadata/model.ts'
import type { RecordStore, StoredRecord } from '../store/records.ts'

type Equality =
  | { readonly by: 'id'; readonly value: string }
  | { readonly by: 'cell'; readonly fieldId: string; readonly value: string }

const textTypes = new Set(['singleLineText', 'email', 'url', 'phoneNumber'])

/**
 * For `RECORD_ID()='…'`, `{text field}='…'` and OR of such: the records that can satisfy it, by id. undefined for any
 * other formula. The formula itself is still evaluated on them.
 */
export function candidatesOf(tree: Syntax, table: Table, records: RecordStore): StoredRecord[] | undefined {
  const equalities = equalitiesOf(tree, table)
  if (equalities === undefined) return undefined
  const found = new Map<string, StoredRecord>()
  for (const equality of equalities) {
    const matches =
      equality.by === 'id'
        ? [records.get(table.id, equality.value)]
        : records.withCell(table.id, equality.fieldId, equality.value)
    for (const record of matches) if (record !== undefined) found.set(record.id, record)
  }
  return [...found.values()]
}

function equalitiesOf(tree: Syntax, table: Table): Equality[] | undefined {
  if (tree.kind === 'call' && tree.name === 'OR') {
    const parts = tree.args.map((arg) => equalitiesOf(arg, table))
    return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
  }
  if (tree.kind !== 'binary' || tree.operator !== '=') return undefined
  const [subject, literal] = tree.right.kind === 'literal' ? [tree.left, tree.right] : [tree.right, tree.left]
  if (literal.kind !== 'literal' || typeof literal.value !== 'string' || literal.value === '') return undefined
  if (subject.kind === 'call' && subject.name === 'RECORD_ID') return [{ by: 'id', value: literal.value }]
  if (subject.kind !== 'field') return undefined
  const field = table.fields.find(({ id }) => id === subject.reference)
  if (field === undefined || !textTypes.has(field.type)) return undefined
  return [{ by: 'cell', fieldId: field.id, value: literal.value }]
}
