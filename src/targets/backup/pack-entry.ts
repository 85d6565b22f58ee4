/**
 * Child process: copies what a set is to hold, each database as of one moment and while others write, and packs it. All
 * that it makes lies in the two folders that it is given.
 */
import { closeSync, constants, copyFileSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { openReading, openWriting } from '../sqlite/connection.ts'
import { isBusy } from '../sqlite/database-error.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'
import { type Member, memberSchema } from './manifest.ts'
import { packMember } from './pack.ts'

const partSchema = memberSchema.pick({ name: true, is: true, restoredAs: true }).extend({
  /** Where it may be read: for a database what `Databases.locate` gave. */
  path: z.string(),
  /** Tables that are left empty in the copy. */
  emptied: z.array(z.string()),
})
export type Part = z.output<typeof partSchema>

export const packOrderSchema = z.strictObject({
  parts: z.array(partSchema),
  scratch: z.string(),
  folder: z.string(),
  recipients: z.array(z.string()),
})
export type PackOrder = z.output<typeof packOrderSchema>

/** How long a writer that holds the whole file locked is waited for. */
const busyTriesMax = 100
const busyPauseMs = 100

serve(async (input, { progress }): Promise<Member[]> => {
  const order = packOrderSchema.parse(input)
  const members: Member[] = []
  for (const part of order.parts) {
    progress(members.length, order.parts.length)
    const plain = join(order.scratch, part.restoredAs)
    if (part.is === 'database' || part.is === 'own-database') await copyDatabase(part, plain)
    else if (part.path !== plain) copyFileSync(part.path, plain, constants.COPYFILE_EXCL)
    const { name, is, restoredAs } = part
    members.push(await packMember(plain, { name, is, restoredAs }, order))
    rmSync(plain)
  }
  return members
})

/** `VACUUM INTO` reads in one transaction: what others commit meanwhile is in the copy as a whole, or not at all. */
async function copyDatabase({ path, emptied }: Part, to: string): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600))
  for (let tries = 1; ; tries += 1) {
    try {
      const db = openReading(path)
      try {
        // The connection stays one that cannot write to the file; this only allows the other one to be made.
        db.pragma('query_only = OFF')
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
    for (const table of emptied) db.prepare(`DELETE FROM ${quoteIdentifier(table)}`).run()
    db.exec('VACUUM')
  } finally {
    db.close()
  }
}
