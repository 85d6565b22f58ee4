/**
 * A full look of the kind `duplicates` at generated leads, as the controller has it done: in a thread, with the merges worked
 * out and everything kept. In a process of its own, so that time and memory are its own.
 *
 *     node dist/bench/duplicates/look-entry.js FILE FOLDER
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import { desiredStateSchema } from '../../desired/schema.ts'
import { createDuplicatesLooker, duplicatesSpecOf, lazyDuplicateFiles } from '../../kinds/duplicates/index.ts'
import { openLog } from '../../log.ts'
import { createOffload } from '../../targets/process/offload.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import { leadColumns } from './synthetic-leads.ts'

const [file = '', folder = ''] = process.argv.slice(2)

const rules: Record<string, string> = {
  full_name: 'person_name',
  email: 'email',
  company: 'company_name',
  linkedin_url: 'linkedin_url',
  company_website: 'url',
}
const types: Record<string, string> = { email: 'email', phone: 'phone', linkedin_url: 'url', company_website: 'url' }
const compared = leadColumns.map((name) => [
  name,
  { type: types[name] ?? 'text', ...(rules[name] === undefined ? {} : { standardize: rules[name] }) },
])
const state = desiredStateSchema.parse({
  apiVersion: 'trueup/v1',
  name: 'bench',
  databases: { main: { path: file } },
  tables: {
    leads: {
      database: 'main',
      key: 'id',
      fields: {
        ...Object.fromEntries(compared),
        ai_message: { type: 'longtext' },
        raw_data: { type: 'json' },
        created_at: { type: 'datetime', default: 'now' },
        updated_at: { type: 'datetime', default: 'now', onUpdate: 'now' },
      },
      duplicates: {
        rules: [
          { name: 'linkedin', exact: 'linkedin_url', confidence: 1 },
          { name: 'email', exact: 'email', confidence: 0.97 },
          { name: 'name-company', fuzzy: ['full_name', 'company'], threshold: 0.85 },
          { name: 'phone', exact: 'phone', confidence: 0.8 },
        ],
      },
    },
  },
})

const ownFolder = join(folder, 'own')
mkdirSync(ownFolder)
const log = openLog('silent')
const offload = createOffload({ log })
const databases = openDatabases({ offload, clock: systemClock, log })
const duplicateFiles = lazyDuplicateFiles({ ownFolder, purpose: 'act', databases })
const looker = createDuplicatesLooker({ clock: systemClock, databases, offload, duplicateFiles, pathOf: () => file })
const spec = duplicatesSpecOf(state, 'leads')
if (spec === undefined) throw new Error('the leads declare duplicates')
try {
  const restBytes = process.memoryUsage.rss()
  const before = process.cpuUsage()
  const seen = await looker.look('leads', spec, true, {
    signal: new AbortController().signal,
    progress: () => undefined,
  })
  const { user, system } = process.cpuUsage(before)
  if (seen.is !== 'looked') throw new Error(`the leads cannot be looked at: ${seen.is}`)
  const automatic = seen.automatic.reduce((sum, { groups }) => sum + groups, 0)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  process.stdout.write(
    JSON.stringify({
      lookCpuMs: (user + system) / 1000,
      restBytes,
      peakBytes,
      automatic,
      waiting: seen.waiting.groups,
    }),
  )
} finally {
  databases.closeAll()
  await offload.close()
}
