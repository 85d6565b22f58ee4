/** Child process: checks a set, byte by byte and, where it can be opened, by restoring all of it into a scratch folder. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, OperationalError } from '../../errors.ts'
import { serve } from '../process/serve.ts'
import { codeOf } from '../sqlite/database-error.ts'
import { countBytes } from './byte-count.ts'
import { withInspector } from './inspector.ts'
import { type Manifest, manifestName, readManifest } from './manifest.ts'
import { byteProblem, unpackMember } from './pack.ts'

export const verifyOrderSchema = z.strictObject({
  folder: z.string(),
  /** An empty private folder. */
  scratch: z.string(),
  /** Private keys; none where the set is not encrypted, or is only to be checked as far as goes without. */
  identities: z.array(z.string()),
  /** These very bytes were restored and compared a moment ago: only that they are what was written is to be seen. */
  isProved: z.boolean(),
})
export type VerifyOrder = z.output<typeof verifyOrderSchema>

export const verifyReplySchema = z.strictObject({
  how: z.enum(['restored', 'without-key']),
  /** Each names the file; empty when the set is sound. */
  problems: z.array(z.string()),
})
export type VerifyReply = z.output<typeof verifyReplySchema>

serve(async (input, { progress }): Promise<VerifyReply> => {
  const { folder, scratch, identities, isProved } = verifyOrderSchema.parse(input)
  let manifest: Manifest
  try {
    manifest = readManifest(readFileSync(join(folder, manifestName), 'utf8'))
  } catch (error) {
    return { how: 'restored', problems: [problemOf(error)] }
  }
  const { members } = manifest
  const known = new Set([manifestName, ...members.map(({ file }) => file)])
  const problems = readdirSync(folder).flatMap((name) =>
    known.has(name) ? [] : [`${name} does not belong to the set`],
  )
  const isOpen = manifest.recipients === null || identities.length > 0
  const sizes = members.map(({ bytes, plainBytes }) => bytes + (isOpen && !isProved ? plainBytes : 0))
  const begin = countBytes(sizes, progress)
  await withInspector(async (inspector) => {
    for (const [index, member] of members.entries()) {
      const onBytes = begin(index)
      const from = join(folder, member.file)
      const problem = await byteProblem(member, from, onBytes)
      if (problem !== undefined) problems.push(problem)
      if (problem !== undefined || !isOpen || isProved) continue
      const to = join(scratch, 'restored')
      try {
        await unpackMember(member, { from, to, scratch, identities, isDurable: false, onBytes }, inspector)
      } catch (error) {
        problems.push(problemOf(error))
      } finally {
        rmSync(to, { force: true })
      }
    }
  })
  return { how: isOpen ? 'restored' : 'without-key', problems }
})

/** What a set is told to be; a wrong key and trouble of the machine say nothing about it and are thrown. */
function problemOf(error: unknown): string {
  if (error instanceof OperationalError && ['BACKUP_DAMAGED', 'DATABASE_CORRUPT'].includes(error.code))
    return error.message
  const code = codeOf(error) ?? ''
  if (code === 'ENOENT') return `${manifestName} is missing`
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return messageOf(error)
  throw error
}
