/**
 * Child process: copies what a set is to hold, each database as of one moment and while others write, and packs it. All
 * that it makes lies in the two folders that it is given.
 */
import { constants, copyFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { countBytes } from './byte-count.ts'
import { copyDatabase } from './copy-database.ts'
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

serve(async (input, { progress }): Promise<Member[]> => {
  const order = packOrderSchema.parse(input)
  const members: Member[] = []
  // Each is copied and packed; an encrypted one is unpacked again as well.
  const passes = order.recipients.length > 0 ? 3 : 2
  const sizes = order.parts.map(({ path }) => statSync(path).size)
  const begin = countBytes(
    sizes.map((size) => size * passes),
    progress,
  )
  for (const [index, part] of order.parts.entries()) {
    const onBytes = begin(index)
    const plain = join(order.scratch, part.restoredAs)
    if (part.is === 'database' || part.is === 'own-database') await copyDatabase(part, plain)
    else if (part.path !== plain) copyFileSync(part.path, plain, constants.COPYFILE_EXCL)
    onBytes(sizes[index] ?? 0)
    const { name, is, restoredAs } = part
    members.push(await packMember(plain, { name, is, restoredAs }, { ...order, onBytes }))
    rmSync(plain)
  }
  return members
})
