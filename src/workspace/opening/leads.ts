/** What follows the leads beside their table: Airtable and its mirrors, duplicates, quality. */
import { join } from 'node:path'
import { createDuplicatesDesk, createDuplicatesLooker, lazyDuplicateFiles } from '../../kinds/duplicates/index.ts'
import { createQualityInspector, createQualityStore } from '../../kinds/quality/index.ts'
import { createMirrorReader, createSyncDesk, lazySyncStore, listSync } from '../../kinds/sync/index.ts'
import { openAirtable } from '../airtable.ts'
import { knownLeadsOf } from '../known-leads.ts'
import { createSandboxHost } from '../sandbox-host.ts'
import type { WorkspaceOptions } from '../workspace.ts'
import type { Closers } from './closers.ts'
import type { Foundation } from './foundation.ts'
import type { People } from './people.ts'

export type LeadParts = Awaited<ReturnType<typeof openLeadParts>>

export async function openLeadParts(options: WorkspaceOptions, base: Foundation, people: People, closers: Closers) {
  const { clock, purpose } = options
  const { directory, ownFolder, databases, offload, generations, inForce, pathOf } = base
  const { changeSets, suppressions } = people
  const sandbox = createSandboxHost({ ...options, directory, ownFolder, databases })
  closers.add(() => sandbox.close())
  await sandbox.ensure(inForce())
  closers.add(generations.onInForce(({ state }) => void sandbox.ensure(state)))
  const airtable = await openAirtable({ ...options, directory, ownFolder, databases, sandbox })
  closers.add(() => airtable.close())

  const syncStore = lazySyncStore({ path: join(ownFolder, 'sync.db'), purpose, databases })
  closers.add(() => syncStore.close())
  const mirrors = () => listSync(inForce())
  const sync = {
    syncStore: syncStore.open,
    specOf: (table: string) => mirrors().find(({ key }) => key.name === table)?.spec,
    isErased: suppressions.isErased,
    isAllowed: suppressions.contacts.isAllowed,
  }
  const mirrored = { ...sync, clock, databases, changeSets, airtable, pathOf }
  const desk = createSyncDesk({ ...mirrored, tables: () => mirrors().map(({ key }) => key.name) })

  const duplicateFiles = lazyDuplicateFiles({ ownFolder, purpose, databases })
  closers.add(() => duplicateFiles.close())
  const duplicates = createDuplicatesDesk({ databases, duplicateFiles: duplicateFiles.open, pathOf })
  closers.add(() => duplicates.close())
  const looker = createDuplicatesLooker({ clock, databases, offload, duplicateFiles, pathOf })

  const qualityStore = createQualityStore({ folder: ownFolder, purpose, databases })
  closers.add(() => qualityStore.close())
  const quality = createQualityInspector({
    ...{ clock, databases, offload, pathOf },
    store: qualityStore,
    mirrored: async (table) => {
      if (!desk.tables().includes(table)) return undefined
      const { lastFullMs, remoteCount } = await desk.report(table)
      return lastFullMs === undefined ? undefined : remoteCount
    },
  })
  return {
    ...{ sandbox, airtable, sync, desk, duplicateFiles, duplicates, looker, quality },
    knownLeads: knownLeadsOf(looker, inForce),
    mirrors: createMirrorReader({ ...mirrored, mirrors }),
  }
}
