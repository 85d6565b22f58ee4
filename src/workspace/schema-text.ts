import { lexicographicSortSchema, printSchema } from 'graphql'
import { buildApiSchema } from '../api/schema/schema.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { leadsOf } from './lead-access.ts'
import { repositoryMap } from './leads.ts'
import { standingPorts } from './local-api.ts'
import type { Workspace } from './workspace.ts'

/** The GraphQL schema of the generation in force, as text, sorted. Nothing is read but the declaration. */
export function schemaText(workspace: Workspace, ports: { readonly clock: Clock; readonly random: Random }): string {
  const leads = leadsOf(workspace, ports)
  const schema = buildApiSchema(repositoryMap(leads), standingPorts(workspace, leads, ports))
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}
