/** Records of a table by name, and all of them. */
import { OperationalError } from '../../errors.ts'
import type { AirtableBase, RemoteRecord } from './ports.ts'

/** Ids or keys that one formula names: more would make the request too long for its pace. */
export const namesInFormulaMax = 100
/** A list that takes too long between two pages is begun anew so often. */
const triesMax = 3

export function recordsById(
  base: AirtableBase,
  tableId: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly RemoteRecord[]> {
  return recordsWhere(base, tableId, ids, (id) => `RECORD_ID()='${id}'`, signal)
}

/** Records whose field holds one of the texts. */
export function recordsByText(
  base: AirtableBase,
  { tableId, fieldId }: { readonly tableId: string; readonly fieldId: string },
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly RemoteRecord[]> {
  const quoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  return recordsWhere(base, tableId, texts, (text) => `{${fieldId}}='${quoted(text)}'`, signal)
}

/** Every record, once, also where one moved from page to page meanwhile. */
export async function allRecords(
  base: AirtableBase,
  tableId: string,
  signal: AbortSignal,
): Promise<readonly RemoteRecord[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const found = await listed(base, tableId, undefined, signal)
      return [...new Map(found.map((one) => [one.id, one])).values()]
    } catch (error) {
      const isExpired = error instanceof OperationalError && error.code === 'AIRTABLE_ITERATOR_EXPIRED'
      if (!isExpired || tries === triesMax) throw error
    }
  }
}

async function recordsWhere(
  base: AirtableBase,
  tableId: string,
  names: readonly string[],
  condition: (name: string) => string,
  signal: AbortSignal,
): Promise<readonly RemoteRecord[]> {
  const found: RemoteRecord[] = []
  for (let from = 0; from < names.length; from += namesInFormulaMax) {
    const conditions = names.slice(from, from + namesInFormulaMax).map(condition)
    found.push(...(await listed(base, tableId, `OR(${conditions.join(',')})`, signal)))
  }
  return found
}

async function listed(
  base: AirtableBase,
  tableId: string,
  formula: string | undefined,
  signal: AbortSignal,
): Promise<readonly RemoteRecord[]> {
  const found: RemoteRecord[] = []
  let offset: string | undefined
  do {
    const query = { ...(formula === undefined ? {} : { formula }), ...(offset === undefined ? {} : { offset }) }
    const page = await base.list(tableId, query, { signal, priority: 'read' })
    found.push(...page.records)
    offset = page.offset
  } while (offset !== undefined)
  return found
}
