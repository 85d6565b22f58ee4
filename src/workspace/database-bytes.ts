import { existsSync } from 'node:fs'
import type { Databases } from '../targets/sqlite/ports.ts'

/** What a SQLite file holds, read without a trace; undefined where there is none. */
export async function bytesOf(path: string, databases: Databases): Promise<Buffer | undefined> {
  if (!existsSync(path)) return undefined
  const view = await databases.read(path)
  try {
    return view.db.serialize()
  } finally {
    view.close()
  }
}
