import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { createLeadEraser } from './lead-eraser.ts'
import { createLeadWriter } from './lead-writer.ts'
import { type Leads, openLeads } from './leads.ts'
import type { Workspace } from './open.ts'
import { databasePathOf } from './paths.ts'

/** The lead repositories of the generation in force, over the workspace's own ports. */
export function leadsOf(workspace: Workspace, ports: { readonly clock: Clock; readonly random: Random }): Leads {
  const { state } = workspace.generations.inForce()
  const databaseOf = (table: string) => state.tables[table]?.database ?? ''
  return openLeads(state, {
    ...ports,
    databases: workspace.databases,
    offload: workspace.offload,
    workspace: workspace.directory,
    ownFolder: workspace.ownFolder,
    isErased: workspace.suppressions.isErased,
    eraser: createLeadEraser({ ...workspace, clock: ports.clock, random: ports.random, databaseOf }),
    writer: createLeadWriter({
      engine: workspace.engine,
      rows: workspace.rows,
      lease: workspace.lease,
      random: ports.random,
      databaseOf,
      pathOf: (table) => databasePathOf(state, databaseOf(table), workspace.directory),
    }),
  })
}
