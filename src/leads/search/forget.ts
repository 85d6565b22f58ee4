/** Empties a search index so that no word of an erased person is left in it. */
import { existsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { emptyIndexes } from './index-file.ts'

/** Gives how many records were indexed. The index is made anew with the next search. */
export function emptySearchFile(path: string): number {
  if (!existsSync(path)) return 0
  const db = new Sqlite(path, { fileMustExist: true, timeout: 10_000 })
  try {
    db.pragma('secure_delete = ON')
    return emptyIndexes(db)
  } finally {
    db.close()
  }
}
