/**
 * Child process: copies what a set is to hold, each database as of one moment and while others write, packs it, and restores it
 * from what it packed. All that it makes lies in the two folders that it is given.
 */
import { constants, copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { countBytes } from './byte-count.ts'
import { copyDatabase } from './copy-database.ts'
import { withInspector } from './inspector.ts'
import { memberSchema } from './manifest.ts'
import { type Packed, packMember } from './pack.ts'

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

export const packReplySchema = z.strictObject({
  members: z.array(memberSchema),
  /** All of them were restored and found sound. */
  isProved: z.boolean(),
})
export type PackReply = z.output<typeof packReplySchema>

serve((input, { progress }): Promise<PackReply> => {
  const order = packOrderSchema.parse(input)
  return withInspector(async (inspector) => {
    const packed: Packed[] = []
    const sizes = order.parts.map(({ path }) => statSync(path).size)
    // Each is copied, packed, and unpacked again.
    const begin = countBytes(
      sizes.map((size) => size * 3),
      progress,
    )
    for (const [index, part] of order.parts.entries()) {
      const onBytes = begin(index)
      const plain = join(order.scratch, part.restoredAs)
      if (part.is === 'database' || part.is === 'own-database') await copyDatabase(part, plain)
      else if (part.path !== plain) copyFileSync(part.path, plain, constants.COPYFILE_EXCL)
      onBytes(sizes[index] ?? 0)
      const { name, is, restoredAs } = part
      packed.push(await packMember(plain, { name, is, restoredAs }, { ...order, onBytes }, inspector))
    }
    return { members: packed.map(({ member }) => member), isProved: packed.every(({ isSound }) => isSound) }
  })
})
