/** What a call of a base knows: who asks, where, and what. */
import type { TokenProfile } from '../access/tokens.ts'
import type { SandboxCore } from '../core.ts'
import { type Base, type Table, tableOf } from '../metadata/model.ts'
import type { Actor } from '../webhooks/change.ts'
import { refusals } from './refusal.ts'
import type { SandboxRequest } from './request.ts'
import type { Route } from './route.ts'

export interface CallContext {
  readonly core: SandboxCore
  readonly profile: TokenProfile
  readonly base: Base
  readonly route: Route
  readonly request: SandboxRequest
}

/** The table that the route names: 403 by today's documentation, 404 TABLE_NOT_FOUND as recorded in 2022. */
export function demandTable({ core, base, route }: CallContext): Table {
  const name = route.table ?? ''
  const table = tableOf(base, name)
  if (table !== undefined) return table
  throw core.behaviour === '2022' ? refusals.tableNotFound(name, base.id) : refusals.notFoundOrNotPermitted()
}

/** Who acts, for the record and for webhooks. */
export function actorOf({ profile }: CallContext): Actor {
  return { user: profile.user, source: 'publicApi', permissionLevel: profile.permissionLevel }
}
