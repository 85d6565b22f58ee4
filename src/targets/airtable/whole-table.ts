/** Reads every record of a table, or says that it could not: a list that expires between two pages is begun anew. */
import { OperationalError } from '../../errors.ts'
import type { AirtableBase, RemoteRecord } from './ports.ts'

/** A list that takes too long between two pages is begun anew so often. */
const triesMax = 3

export interface WholeTableReader {
  /** The list begins, for the first time or anew: what was taken before counts for nothing. */
  begin(): void
  /** Records of a page that were in none before it. */
  take(records: readonly RemoteRecord[]): void
  /** Asked ahead of every page; throws where no more calls are to be made. */
  readonly mayAsk?: () => void
}

/** Throws AIRTABLE_*, and what the reader throws. */
export async function readWholeTable(
  base: AirtableBase,
  tableId: string,
  reader: WholeTableReader,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      reader.begin()
      await readPages(base, tableId, reader, signal)
      return
    } catch (error) {
      const isExpired = error instanceof OperationalError && error.code === 'AIRTABLE_ITERATOR_EXPIRED'
      if (!isExpired || tries === triesMax) throw error
    }
  }
}

async function readPages(
  base: AirtableBase,
  tableId: string,
  reader: WholeTableReader,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set<string>()
  let offset: string | undefined
  do {
    reader.mayAsk?.()
    const page = await base.list(tableId, offset === undefined ? {} : { offset }, { signal, priority: 'read' })
    // A record that moved from page to page while it was read is there once.
    const fresh = page.records.filter(({ id }) => !seen.has(id))
    for (const { id } of fresh) seen.add(id)
    reader.take(fresh)
    offset = page.offset
  } while (offset !== undefined)
}
