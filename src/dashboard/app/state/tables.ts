/** The declared tables and their columns, as the API describes them now. A change of the desired state is seen within half a minute. */
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import {
  type Column,
  columnNames,
  columnsOf,
  columnsShape,
  type Judgement,
  judgementsOf,
  type RecordTable,
  tablesOf,
  tablesShape,
} from '../api/records.ts'

export interface KnownTable {
  readonly tables: readonly RecordTable[]
  readonly table: RecordTable
  readonly columns: readonly Column[]
  readonly judged: readonly Judgement[]
}

/** How long a description serves: tables change with the desired state alone, views ask at every event. */
const describedForMs = 30_000
const described = new Map<string, { readonly atMs: number; readonly value: Promise<KnownTable | undefined> }>()

/** A table by its type name, or the first one that has what `needs` names; undefined where none is declared. */
export function loadTable(type: string | null, needs: 'any' | 'groups' = 'any'): Promise<KnownTable | undefined> {
  const key = `${type} ${needs}`
  const known = described.get(key)
  if (known !== undefined && Date.now() - known.atMs < describedForMs) return known.value
  const value = describe(type, needs)
  described.set(key, { atMs: Date.now(), value })
  // What failed is asked for again at once; who waits for it sees the failure.
  value.catch(() => described.delete(key))
  return value
}

async function describe(type: string | null, needs: 'any' | 'groups'): Promise<KnownTable | undefined> {
  const all = tablesOf(await ask(documents.tables, tablesShape))
  const tables = all.filter(({ groups }) => needs === 'any' || groups !== undefined)
  const table = tables.find((one) => one.type === type) ?? tables.find((one) => one.type === 'Lead') ?? tables[0]
  if (table === undefined) return undefined
  const answer = await ask(documents.columns, columnsShape, columnNames(table))
  return { tables, table, columns: columnsOf(answer), judged: judgementsOf(answer) }
}

/** The type of a record by its id; a lead's id names none. */
export function typeOfId(id: string): string {
  return /^([A-Z][A-Za-z0-9_]*):/.exec(id)?.[1] ?? 'Lead'
}
