/** Copies a database as of one moment, while others write to it. For a child process. */
import { closeSync, openSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { openReading, openWriting } from '../sqlite/connection.ts'
import { isBusy } from '../sqlite/database-error.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'

/** How long a writer that holds the whole file locked is waited for. */
const busyTriesMax = 100
const busyPauseMs = 100

/**
 * `VACUUM INTO` reads in one transaction: what others commit meanwhile is in the copy as a whole, or not at all.
 * @param emptied tables that are left empty in the copy
 */
export async function copyDatabase(
  { path, emptied }: { readonly path: string; readonly emptied: readonly string[] },
  to: string,
): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600))
  for (let tries = 1; ; tries += 1) {
    try {
      const db = openReading(path)
      try {
        // The connection stays one that cannot write to the file; this only allows the other one to be made.
        db.pragma('query_only = OFF')
        // Of the copy alone: after a crash it is thrown away, and nothing waits for the disk meanwhile.
        db.pragma('synchronous = OFF')
        db.prepare('VACUUM main INTO ?').run(to)
      } finally {
        db.close()
      }
      break
    } catch (error) {
      if (!isBusy(error) || tries === busyTriesMax) throw error
      await pause(busyPauseMs)
    }
  }
  if (emptied.length === 0) return
  const db = openWriting(to)
  try {
    db.pragma('synchronous = OFF')
    for (const table of emptied) db.prepare(`DELETE FROM ${quoteIdentifier(table)}`).run()
    db.exec('VACUUM')
  } finally {
    db.close()
  }
}
