/** The declared tables and their columns, as the API describes them now. A change of the desired state is seen at the next load. */
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

/** A table by its type name, or the first one; undefined where no table is declared. */
export async function loadTable(
  type: string | null,
  isFit: (table: RecordTable) => boolean = () => true,
): Promise<KnownTable | undefined> {
  const tables = tablesOf(await ask(documents.tables, tablesShape)).filter(isFit)
  const table = tables.find((one) => one.type === type) ?? tables.find((one) => one.type === 'Lead') ?? tables[0]
  if (table === undefined) return undefined
  const described = await ask(documents.columns, columnsShape, columnNames(table))
  return { tables, table, columns: columnsOf(described), judged: judgementsOf(described) }
}

/** The type of a record by its id; a lead's id names none. */
export function typeOfId(id: string): string {
  return /^([A-Z][A-Za-z0-9_]*):/.exec(id)?.[1] ?? 'Lead'
}
