/** Asks Airtable, once in a recovery, for the rows of the tables that could not be read whole. */
import { join } from 'node:path'
import { OperationalError } from '../../errors.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { SalvageReport } from '../../targets/sqlite/salvage/report.ts'
import type { SalvageOrder } from '../../targets/sqlite/salvage/salvage-entry.ts'
import type { DatabaseMirrors } from './ports.ts'

type Mirrored = Pick<SalvageOrder, 'mirrors'> & Pick<SalvageReport, 'withoutAirtable'>

/** What the mirrors hold, written into `scratch`, and why there is nothing of the others. */
export async function readMirrors(
  mirrors: DatabaseMirrors,
  database: string,
  { tables, set }: SalvageReport,
  scratch: string,
  signal: AbortSignal,
): Promise<Mirrored> {
  // Of a file that was not written since, the set holds everything.
  const lossy = set?.unwrittenSince === true ? [] : tables.filter(({ isWhole }) => !isWhole).map(({ name }) => name)
  const found: Mirrored = { mirrors: [], withoutAirtable: [] }
  const declared = mirrors.of(database)
  const mirrorOf = (name: string) => declared.find(({ table }) => table.toLowerCase() === name.toLowerCase())
  const bare = lossy.filter((name) => mirrorOf(name) === undefined)
  if (bare.length > 0) found.withoutAirtable.push(`not mirrored there: ${bare.join(', ')}`)
  for (const table of lossy) {
    const mirror = mirrorOf(table)
    if (mirror === undefined) continue
    const path = join(scratch, `mirror-${mirror.name}.jsonl`)
    try {
      const { erased, deleted } = await mirrors.read(mirror.name, path, signal)
      found.mirrors.push({ ...mirror, path, leftOut: { erased, deleted } })
    } catch (error) {
      found.withoutAirtable.push(`${table}: ${reasonOf(error, signal)}`)
    }
  }
  return found
}

/** Whatever is the matter with the mirror, it must not keep what can be read from being saved. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  const known = toDatabaseError(error, 'sync.db')
  if (signal.aborted || !(known instanceof OperationalError)) throw error
  return known.message
}
