/** The list call: filter, view, sort, then pages over the order that the first page found. */
import type { JsonObject } from '../../json.ts'
import { bindFormula } from '../formula/bind.ts'
import { keeps } from '../formula/evaluate.ts'
import { FormulaError, type Syntax } from '../formula/syntax.ts'
import { refusals } from '../http/refusal.ts'
import { isId } from '../ids.ts'
import { type Field, fieldOf, fieldOfFormula, type SortRule, type Table, type View } from '../metadata/model.ts'
import type { RecordStore, StoredRecord } from '../store/records.ts'
import type { ListQuery } from './body.ts'
import { candidatesOf } from './candidates.ts'
import type { Iterators } from './iterators.ts'
import { presentRecord } from './present.ts'
import type { RecordReader } from './reader.ts'
import { sortRecords } from './sort.ts'

export interface ListParts {
  readonly table: Table
  readonly records: RecordStore
  readonly reader: RecordReader
  readonly iterators: Iterators
}

const pageSizeDefault = 100

/** One page. Records that were deleted since the first page are left out, and the page is filled from what follows. */
export function listRecords(parts: ListParts, query: ListQuery): JsonObject {
  const { table, records, reader, iterators } = parts
  const shownFields = query.fields?.map((name) => demandField(table, name))
  const { iterator, ids } = orderOf(parts, query)
  const pageSize = query.pageSize ?? query.limit ?? pageSizeDefault
  const page: StoredRecord[] = []
  let next = 0
  for (; next < ids.length && page.length < pageSize; next += 1) {
    const record = records.get(table.id, ids[next] ?? '')
    if (record !== undefined) page.push(record)
  }
  const shown = page.map((record) =>
    presentRecord(table, record, reader, {
      byFieldId: query.returnFieldsByFieldId,
      asText: query.cellFormat === 'string',
      fields: shownFields,
      commentCount: query.recordMetadata?.includes('commentCount') ?? false,
    }),
  )
  const following = ids[next]
  if (following === undefined) return { records: shown }
  const offset = iterator === undefined ? iterators.open(table.id, ids, following) : `${iterator}/${following}`
  return { records: shown, offset }
}

function orderOf(parts: ListParts, query: ListQuery): { iterator?: string; ids: readonly string[] } {
  const { table, iterators } = parts
  // An empty offset is the first page [L].
  if (query.offset !== undefined && query.offset !== '') {
    const { iterator, rest } = iterators.resume(table.id, query.offset)
    return { iterator, ids: rest }
  }
  const ids = matchingIds(parts, query)
  return { ids: query.maxRecords === undefined ? ids : ids.slice(0, query.maxRecords) }
}

function matchingIds(parts: ListParts, query: ListQuery): string[] {
  const { table, records, reader } = parts
  const view = query.view === undefined || query.view === '' ? undefined : demandView(table, query.view)
  const filters = [query.filterByFormula, view?.filter]
    .filter((text) => text !== undefined && text.trim() !== '')
    .map((text) => bindFilter(table, text ?? ''))
  const sort = query.sort?.map(
    (rule): SortRule => ({ fieldId: demandField(table, rule.field).id, direction: rule.direction }),
  )
  const rules = sort ?? view?.sort ?? []
  // Without view and sort the order is arbitrary [D]; every recorded list is in order of the ids [R].
  const order = view === undefined ? 'id' : 'position'
  if (filters.length === 0 && rules.length === 0) return records.ids(table.id, order)
  const few = filters[0] === undefined ? undefined : candidatesOf(filters[0], table, records)?.sort(by(order))
  const all = few ?? records.all(table.id, order)
  const kept = all.filter((record) => filters.every((filter) => keeps(filter, reader.scope(table, record))))
  return (rules.length === 0 ? kept : sortRecords(kept, table, rules, reader)).map(({ id }) => id)
}

function by(order: 'id' | 'position') {
  const byId = (a: StoredRecord, b: StoredRecord) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  return order === 'id' ? byId : (a: StoredRecord, b: StoredRecord) => a.position - b.position || byId(a, b)
}

function bindFilter(table: Table, text: string): Syntax {
  try {
    return bindFormula(text, (reference) => fieldOfFormula(table, reference)?.id).tree
  } catch (error) {
    if (error instanceof FormulaError) throw refusals.invalidFormula(error.message)
    throw error
  }
}

function demandField(table: Table, name: string): Field {
  const field = fieldOf(table, name)
  if (field === undefined) throw refusals.unknownField(name)
  return field
}

function demandView(table: Table, idOrName: string): View {
  const view = table.views.find(({ id }) => id === idOrName) ?? table.views.find(({ name }) => name === idOrName)
  if (view === undefined) throw refusals.viewNotFound(idOrName, isId('viw', idOrName))
  return view
}
