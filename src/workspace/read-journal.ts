/** The journal of a workspace, read without a trace. */
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { journalVersionOf } from '../journal/schema.ts'
import { type JournalStore, journalOver } from '../journal/store.ts'
import type { Databases, ReadView } from '../targets/sqlite/ports.ts'

/** The journal as it is; undefined for one that was only begun. Throws JOURNAL_* and DATABASE_*. */
export async function readJournal(path: string, databases: Databases, clock: Clock): Promise<JournalStore | undefined> {
  const view = await viewOfJournal(path, databases)
  try {
    if (journalVersionOf(view.db, path) > 0) return journalOver(view.db, clock, path, view.close)
  } catch (error) {
    view.close()
    throw error
  }
  view.close()
  return undefined
}

async function viewOfJournal(path: string, databases: Databases): Promise<ReadView> {
  try {
    return await databases.read(path)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code !== 'DATABASE_CORRUPT') throw error
    throw new OperationalError('JOURNAL_BROKEN', error.message, {
      cause: error,
      hint: 'Keep a copy of the .trueup folder, then move it away to start afresh.',
    })
  }
}
