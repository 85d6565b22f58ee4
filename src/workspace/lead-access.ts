import type { Clock } from '../clock.ts'
import type { ResourceKey } from '../engine/resource.ts'
import { duplicatesSpecOf } from '../kinds/duplicates/index.ts'
import type { LeadWriter } from '../leads/ports.ts'
import type { Random } from '../random.ts'
import { createLeadDuplicates } from './lead-duplicates.ts'
import { createLeadEraser } from './lead-eraser.ts'
import { createLeadWriter } from './lead-writer.ts'
import { type Leads, openLeads } from './leads.ts'
import { databasePathOf } from './paths.ts'
import { leadHistoryOf } from './record-trail.ts'
import type { Workspace } from './workspace.ts'

/** The lead repositories of the generation in force, over the workspace's own ports. */
export function leadsOf(workspace: Workspace, ports: { readonly clock: Clock; readonly random: Random }): Leads {
  const { state } = workspace.generations.inForce()
  const databaseOf = (table: string) => state.tables[table]?.database ?? ''
  const writer = leadWriterOf(workspace, ports.random)
  return openLeads(state, {
    ...ports,
    databases: workspace.databases,
    offload: workspace.offload,
    workspace: workspace.directory,
    ownFolder: workspace.ownFolder,
    isErased: workspace.suppressions.isErased,
    contacts: workspace.suppressions.contacts,
    eraser: createLeadEraser({ ...workspace, clock: ports.clock, random: ports.random, databaseOf }),
    writer,
    historyOf(table) {
      const spec = state.tables[table]
      if (spec === undefined) return undefined
      const path = databasePathOf(state, spec.database, workspace.directory)
      return leadHistoryOf(workspace, { path, table: spec.table ?? table, clock: ports.clock })
    },
    duplicatesOf(table) {
      const spec = duplicatesSpecOf(state, table)
      const declared = state.tables[table]
      if (spec === undefined || declared?.duplicates === undefined) return undefined
      return createLeadDuplicates({
        ...{ table, spec, writer },
        fields: declared.fields,
        onInsert: declared.duplicates.onInsert,
        desk: workspace.duplicates,
        engine: workspace.engine,
        clock: ports.clock,
        look: (key) => lookAlone(workspace, key),
      })
    },
  })
}

/** What carries out single writes in the tables of the generation in force. */
export function leadWriterOf({ generations, engine, rows, lease, directory }: Workspace, random: Random): LeadWriter {
  const { state } = generations.inForce()
  const databaseOf = (table: string) => state.tables[table]?.database ?? ''
  const pathOf = (table: string) => databasePathOf(state, databaseOf(table), directory)
  return createLeadWriter({ engine, rows, lease, random, databaseOf, pathOf })
}

/** A running controller has looked already; where none runs, whoever asks looks. */
async function lookAlone({ serves, engine, kinds }: Workspace, key: ResourceKey): Promise<void> {
  const declared = engine.statuses.get(key)?.declared
  const kind = kinds.find(({ name }) => name === key.kind)
  if (serves || declared === undefined || kind === undefined) return
  const context = { signal: new AbortController().signal, progress: () => undefined }
  const seen = await kind.observe(declared, { is: 'full' }, context)
  if (seen.is === 'unreadable') throw seen.error
}
