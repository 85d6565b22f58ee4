/** Admits a request (who, how often, where) and hands it to its call. */
import { unreachable } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { demandScope, type Scope } from '../access/tokens.ts'
import type { SandboxCore } from '../core.ts'
import type { RouteName } from '../faults/fault.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { type CallContext, demandTable } from './call-context.ts'
import { basesCall, schemaCall, whoamiCall } from './metadata-calls.ts'
import { createCall, deleteCall, getCall, listCall, updateCall } from './record-calls.ts'
import { refusals } from './refusal.ts'
import type { SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { webhookCall } from './webhook-calls.ts'

/** Scopes [D]; the one that a call needs at least. */
const scopeOf: Readonly<Record<RouteName, Scope | undefined>> = {
  'records.list': 'data.records:read',
  'records.get': 'data.records:read',
  'records.create': 'data.records:write',
  'records.update': 'data.records:write',
  'records.delete': 'data.records:write',
  'meta.whoami': undefined,
  'meta.bases': 'schema.bases:read',
  'meta.tables': 'schema.bases:read',
  'meta.createTable': 'schema.bases:write',
  'meta.updateTable': 'schema.bases:write',
  'meta.createField': 'schema.bases:write',
  'meta.updateField': 'schema.bases:write',
  'webhooks.create': 'webhook:manage',
  'webhooks.list': 'webhook:manage',
  'webhooks.delete': 'webhook:manage',
  'webhooks.refresh': 'webhook:manage',
  'webhooks.payloads': 'webhook:manage',
  'webhooks.notifications': 'webhook:manage',
}

/** The answer to a request of the API. @throws ApiRefusal for everything that Airtable refuses. */
export function answerCall(core: SandboxCore, route: Route | undefined, request: SandboxRequest): Answer {
  if (route === undefined) throw refusals.noRoute()
  const profile = core.tokens.authenticate(request.authorization)
  core.limits.admitUser(profile.user.id)
  if (route.baseId === undefined) {
    const scope = scopeOf[route.name]
    if (scope !== undefined) demandScope(profile, scope)
    return jsonAnswer(200, route.name === 'meta.whoami' ? whoamiCall(profile) : basesCall(core, profile, request))
  }
  const base = core.catalog.base(route.baseId)
  const reachable = profile.bases === 'all' || profile.bases.includes(route.baseId)
  if (route.name.startsWith('meta.') && profile.metadataHidden) throw refusals.notFound()
  if (base === undefined || !reachable || profile.permissionLevel === 'none') throw refusals.notFoundOrNotPermitted()
  core.limits.admitBase(base.id)
  if (!route.name.startsWith('meta.')) core.limits.spend(base.workspaceId)
  const scope = scopeOf[route.name]
  if (scope !== undefined) demandScope(profile, scope)
  const context: CallContext = { core, profile, base, route, request }
  if (route.name === 'webhooks.delete') {
    webhookCall(context)
    // The form of this answer is [?].
    return { status: 204, contentType: 'application/json; charset=utf-8', body: Buffer.alloc(0) }
  }
  return jsonAnswer(200, perform(context))
}

function perform(context: CallContext): JsonValue {
  const { route } = context
  switch (route.name) {
    case 'records.list':
      return listCall(context, demandTable(context))
    case 'records.get':
      return getCall(context, demandTable(context))
    case 'records.create':
      return createCall(context, demandTable(context))
    case 'records.update':
      return updateCall(context, demandTable(context))
    case 'records.delete':
      return deleteCall(context, demandTable(context))
    case 'meta.tables':
    case 'meta.createTable':
    case 'meta.updateTable':
    case 'meta.createField':
    case 'meta.updateField':
      return schemaCall(context)
    case 'webhooks.create':
    case 'webhooks.list':
    case 'webhooks.delete':
    case 'webhooks.refresh':
    case 'webhooks.payloads':
    case 'webhooks.notifications':
      return webhookCall(context)
    case 'meta.whoami':
    case 'meta.bases':
      throw refusals.noRoute()
    default:
      return unreachable(route.name)
  }
}
