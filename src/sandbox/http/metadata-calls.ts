/** The metadata calls. */
import type { JsonObject, JsonValue } from '../../json.ts'
import { demandLevel, type TokenProfile } from '../access/tokens.ts'
import { changeBase } from '../change-base.ts'
import type { SandboxCore } from '../core.ts'
import { createField, createTable, updateField, updateTable } from '../metadata/change-schema.ts'
import { describeBase, describeField, describeTable } from '../metadata/describe.ts'
import { actorOf, type CallContext, demandTable } from './call-context.ts'
import { parseQuery } from './query.ts'
import { refusals } from './refusal.ts'
import { jsonBody, type SandboxRequest } from './request.ts'

/** Bases of a page [D]. */
const basesPerPage = 1000

/** The e-mail is told only to a token with its scope [D]. */
export function whoamiCall(profile: TokenProfile): JsonObject {
  const email = profile.scopes.includes('user.email:read') ? { email: profile.user.email } : {}
  return { id: profile.user.id, ...email, scopes: [...profile.scopes] }
}

/** Bases that the token reaches, 1,000 a page; the offset is the id of the next one [?]. */
export function basesCall(core: SandboxCore, profile: TokenProfile, request: SandboxRequest): JsonObject {
  const ids = core.catalog.baseIds().filter((id) => profile.bases === 'all' || profile.bases.includes(id))
  const { offset } = parseQuery(request.query)
  const start = typeof offset === 'string' && offset !== '' ? ids.indexOf(offset) : 0
  if (start < 0) throw refusals.invalidOffset(String(offset))
  const bases = ids.slice(start, start + basesPerPage).flatMap((id): JsonObject[] => {
    const base = core.catalog.base(id)
    return base === undefined ? [] : [describeBase(base, profile.permissionLevel)]
  })
  const next = ids[start + basesPerPage]
  return next === undefined ? { bases } : { bases, offset: next }
}

export function schemaCall(context: CallContext): JsonValue {
  const { core, base, profile, request, route } = context
  const actor = actorOf(context)
  if (route.name === 'meta.tables') {
    const { include } = parseQuery(request.query)
    const withVisible = Array.isArray(include) ? include.includes('visibleFieldIds') : include === 'visibleFieldIds'
    return { tables: base.tables.map((table) => describeTable(table, withVisible)) }
  }
  demandLevel(profile, 'create')
  const body = jsonBody(request)
  switch (route.name) {
    case 'meta.createTable':
      return changeBase(core, base.id, actor, (writer) => describeTable(createTable(writer, body), false))
    case 'meta.updateTable': {
      const { id } = demandTable(context)
      return changeBase(core, base.id, actor, (writer) => describeTable(updateTable(writer, id, body), false))
    }
    case 'meta.createField': {
      const { id } = demandTable(context)
      return changeBase(core, base.id, actor, (writer) => describeField(createField(writer, id, body)))
    }
    default: {
      const { id } = demandTable(context)
      return changeBase(core, base.id, actor, (writer) =>
        describeField(updateField(writer, id, route.item ?? '', body)),
      )
    }
  }
}
