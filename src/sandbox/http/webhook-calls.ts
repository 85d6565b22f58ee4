/** The webhook calls. Creating and reading them needs the scopes of what they tell, too [D]. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { demandLevel, demandScope, type TokenProfile } from '../access/tokens.ts'
import {
  createWebhook,
  deleteWebhook,
  listPayloads,
  listWebhooks,
  refreshWebhook,
  setNotifications,
} from '../webhooks/calls.ts'
import { createWebhookSchema, type Specification, specificationSchema } from '../webhooks/specification.ts'
import type { CallContext } from './call-context.ts'
import { parseQuery } from './query.ts'
import { refusals } from './refusal.ts'
import { jsonBody } from './request.ts'

const whole = z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(1))
/** A cursor that is not sent is 1 [D]; a limit over 50 gives 50 [?]. */
const payloadQuerySchema = z.object({ cursor: whole.default(1), limit: whole.default(50) })
const notificationsSchema = z.object({ enable: z.boolean() })

export function webhookCall(context: CallContext): JsonValue {
  const { core, base, profile, request, route } = context
  const id = route.item ?? ''
  // Creator role [D].
  demandLevel(profile, 'create')
  switch (route.name) {
    case 'webhooks.create': {
      const body = jsonBody(request)
      const parsed = createWebhookSchema.safeParse(body)
      if (parsed.success) demandDataScopes(profile, parsed.data.specification)
      return core.database.transaction(() => createWebhook(core, base, body)).immediate()
    }
    case 'webhooks.list':
      return listWebhooks(core, base)
    case 'webhooks.refresh':
      return refreshWebhook(core, base, id)
    case 'webhooks.payloads': {
      const hook = core.webhooks.get(base.id, id)
      if (hook !== undefined) demandDataScopes(profile, specificationSchema.parse(JSON.parse(hook.specification)))
      const query = payloadQuerySchema.safeParse(parseQuery(request.query))
      if (!query.success) throw refusals.invalidRequest()
      return listPayloads(core, base, id, query.data)
    }
    case 'webhooks.notifications': {
      const body = notificationsSchema.safeParse(jsonBody(request))
      if (!body.success) throw refusals.invalidRequest()
      setNotifications(core, base, id, body.data.enable)
      return {}
    }
    default:
      deleteWebhook(core, base, id)
      return {}
  }
}

function demandDataScopes(profile: TokenProfile, specification: Specification): void {
  const { dataTypes } = specification.options.filters
  if (dataTypes.includes('tableData')) demandScope(profile, 'data.records:read')
  if (dataTypes.some((type) => type !== 'tableData')) demandScope(profile, 'schema.bases:read')
}
