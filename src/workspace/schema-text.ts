import { resolve } from 'node:path'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { createAuth } from '../api/auth/auth.ts'
import { openTokens } from '../api/auth/tokens.ts'
import { buildApiSchema } from '../api/schema/schema.ts'
import type { Clock } from '../clock.ts'
import { createLoop } from '../engine/loop.ts'
import type { Random } from '../random.ts'
import { createEnginePort } from './engine-port.ts'
import { leadsOf } from './lead-access.ts'
import type { Leads } from './leads.ts'
import type { Workspace } from './open.ts'
import { createProgramPort } from './program-port.ts'

/** The GraphQL schema of the generation in force, as text, sorted. Nothing is read but the declaration. */
export function schemaText(workspace: Workspace, ports: { readonly clock: Clock; readonly random: Random }): string {
  const { engine, kinds, generations } = workspace
  const { log } = engine.ports()
  const { access } = generations.inForce().state
  const loop = createLoop({
    engine,
    kinds,
    ...ports,
    log,
    onInvariantViolation: (error) => log.error({ err: error.message }, 'invariant'),
  })
  const port = createEnginePort({
    workspace,
    loop,
    clock: ports.clock,
    version: '',
    startedAtMs: 0,
    signal: new AbortController().signal,
  })
  const auth = createAuth(
    openTokens(resolve(workspace.directory, access.tokens.file), ports.clock),
    access,
    ports.clock,
  )
  const schema = buildApiSchema(repositoryMap(leadsOf(workspace, ports)), {
    engine: port,
    programs: createProgramPort({ workspace, wake: (key) => loop.wake(key) }),
    auth,
    clock: ports.clock,
  })
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}

/** The repositories by table, in the order of the file. */
export function repositoryMap(leads: Leads) {
  return new Map(
    leads.tables.flatMap((name) => {
      const repository = leads.of(name)
      return repository === undefined ? [] : [[name, repository] as const]
    }),
  )
}
