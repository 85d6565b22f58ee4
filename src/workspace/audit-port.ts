/** What the resource `audit/journal` is told: whether the record is as it was written, and whether copies of its heads get away. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { headLine } from '../journal/heads.ts'
import type { AuditPort } from '../kinds/audit/index.ts'
import { readKey } from '../targets/key-file.ts'
import { entryUrl } from '../targets/process/entry-url.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import { auditFiles } from './audit-heads.ts'
import type { HeadCopies } from './head-copies.ts'

const verdictSchema = z.object({
  entries: z.number(),
  removed: z.number(),
  signedUpTo: z.number(),
  problems: z.array(z.object({ seq: z.number().nullable(), message: z.string() })),
})

export function createAuditPort(ports: {
  readonly ownFolder: string
  /** Whether the workspace was opened to look only: then no file of it is touched. */
  readonly looksOnly: boolean
  readonly databases: Databases
  readonly offload: Offload
  readonly copies: HeadCopies
}): AuditPort {
  const { databases, offload, copies } = ports
  const { headsPath, keyPath } = auditFiles(ports.ownFolder)
  const path = join(ports.ownFolder, 'journal.db')
  return {
    async verify(signal) {
      const own = existsSync(headsPath) ? readFileSync(headsPath, 'utf8') : ''
      // Those elsewhere show it, too, where the file here was exchanged together with the journal.
      const elsewhere = (await copies.heads()).map((one) => (one.is === 'head' ? headLine(one.head) : ''))
      const key = readKey(keyPath)
      const isKeyLost = key === undefined && own !== ''
      if (!existsSync(path)) return { entries: 0, removed: 0, signedUpTo: 0, problems: [], isKeyLost }
      const place = ports.looksOnly ? await databases.locate(path) : { path, release: () => undefined }
      try {
        const order = { at: place.path, heads: `${own}${elsewhere.join('')}`, key }
        const verdict = await offload.thread(entryUrl('./verify-journal-entry', import.meta.url), order, { signal })
        return { ...verdictSchema.parse(verdict), isKeyLost }
      } finally {
        place.release()
      }
    },
    copies: copies.states,
  }
}
