import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { renderGraphqlReference } from '../api/reference/graphql-reference.ts'
import { buildApiSchema } from '../api/schema/schema.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { leadsOf } from './lead-access.ts'
import { repositoryMap } from './leads.ts'
import { standingPorts } from './local-api.ts'
import type { Workspace } from './workspace.ts'

interface Ports {
  readonly clock: Clock
  readonly random: Random
}

/** The GraphQL schema of the generation in force, as text, sorted. Nothing is read but the declaration. */
export function schemaText(workspace: Workspace, ports: Ports): string {
  return `${printSchema(schemaOf(workspace, ports))}\n`
}

/** The same schema as a page for people. */
export function schemaReference(workspace: Workspace, ports: Ports): string {
  return renderGraphqlReference(schemaOf(workspace, ports))
}

function schemaOf(workspace: Workspace, ports: Ports): GraphQLSchema {
  const leads = leadsOf(workspace, ports)
  return lexicographicSortSchema(buildApiSchema(repositoryMap(leads), standingPorts(workspace, leads, ports)))
}
