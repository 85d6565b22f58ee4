/** What tests and the demo do to a sandbox over HTTP, with the sandbox's own control token. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { bearerOf, sameSecret } from '../access/tokens.ts'
import type { SandboxCore } from '../core.ts'
import { faultSchema } from '../faults/fault.ts'
import type { FaultState } from '../faults/fault-book.ts'
import { baseSeedSchema } from '../metadata/base-seed.ts'
import { ensureCheckedBase } from '../metadata/seed.ts'
import type { LoggedRequest } from '../request-log.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { ApiRefusal, refusals } from './refusal.ts'
import { jsonBody, type SandboxRequest } from './request.ts'

/**
 * `GET|POST|DELETE /sandbox/faults`, `GET|DELETE /sandbox/requests`, `POST /sandbox/bases`.
 *
 * @throws ApiRefusal 401 without the control token, 422 for a body of a wrong form.
 */
export function controlAnswer(core: SandboxCore, request: SandboxRequest, controlToken: string): Answer {
  const token = bearerOf(request.authorization)
  if (token === undefined || !sameSecret(token, controlToken)) throw refusals.authenticationRequired()
  switch (`${request.method} ${request.path}`) {
    case 'GET /sandbox/faults':
      return jsonAnswer(200, { faults: core.faults.all().map(faultJson) })
    case 'POST /sandbox/faults':
      return jsonAnswer(200, { id: core.faults.add(parsed(faultSchema, jsonBody(request))) })
    case 'DELETE /sandbox/faults':
      core.faults.clear()
      return jsonAnswer(200, {})
    case 'GET /sandbox/requests':
      return jsonAnswer(200, { total: core.requests.total, requests: core.requests.entries().map(requestJson) })
    case 'DELETE /sandbox/requests':
      core.requests.clear()
      return jsonAnswer(200, {})
    case 'POST /sandbox/bases':
      ensureCheckedBase(core, parsed(baseSeedSchema, jsonBody(request)))
      return jsonAnswer(200, {})
    default:
      throw refusals.noRoute()
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: JsonValue): z.output<Schema> {
  const result = schema.safeParse(body)
  if (!result.success)
    throw new ApiRefusal(422, { error: { type: 'INVALID_CONTROL', message: z.prettifyError(result.error) } })
  return result.data
}

function faultJson({ id, kind, route, method, path, times, seen, struck }: FaultState): JsonValue {
  return {
    id,
    kind,
    route: route ?? null,
    method: method ?? null,
    path: path ?? null,
    times: times ?? null,
    seen,
    struck,
  }
}

function requestJson({ atMs, method, path, status, bytes, fault }: LoggedRequest): JsonValue {
  return { at: new Date(atMs).toISOString(), method, path, status, bytes, fault: fault ?? null }
}
