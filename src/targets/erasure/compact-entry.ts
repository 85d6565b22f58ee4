/** Child process: moves the -wal of databases into their files and empties it; on request rewrites the files without what was deleted. */
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import { serve } from '../process/serve.ts'
import { restartChangeLog } from '../sqlite/change-log.ts'
import { openWriting } from '../sqlite/connection.ts'

const orderSchema = z.strictObject({ paths: z.array(z.string()), rewrite: z.boolean() })
export type CompactOrder = z.output<typeof orderSchema>

/** How long another program that reads or writes is waited for, in milliseconds. */
const waitMs = 20_000

serve((given) => {
  const { paths, rewrite } = orderSchema.parse(given)
  const failed: { path: string; reason: string }[] = []
  for (const path of paths) {
    try {
      const reason = compact(path, rewrite)
      if (reason !== undefined) failed.push({ path, reason })
    } catch (error) {
      failed.push({ path, reason: messageOf(error) })
    }
  }
  return { failed }
})

function compact(path: string, rewrite: boolean): string | undefined {
  const db = openWriting(path)
  try {
    db.pragma(`busy_timeout = ${waitMs}`)
    if (rewrite) {
      db.exec('VACUUM')
      restartChangeLog(db)
    }
    if (db.pragma('journal_mode', { simple: true }) !== 'wal') return undefined
    const isBusy = Number(db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })) !== 0
    return isBusy ? 'another program reads an earlier state of it, so that its -wal cannot be emptied' : undefined
  } finally {
    db.close()
  }
}
