/** One request and what the client gets to see of its answer, injected faults included. Knows no sockets. */
import type { Log } from '../../log.ts'
import type { SandboxCore } from '../core.ts'
import type { Fault } from '../faults/fault.ts'
import { errorPayload } from '../webhooks/publish.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { answerCall } from './call.ts'
import { ApiRefusal, refusals } from './refusal.ts'
import type { SandboxRequest } from './request.ts'
import { type Route, routeOf } from './route.ts'

/** What reaches the client, `delayMs` after the request was handled. */
export type Reply = { readonly delayMs: number; readonly fault: string | undefined } & (
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The connection closes without a byte. */
  | { readonly kind: 'dropped' }
  /** Nothing more comes: after the headers and half the body of an answer, or from the start. */
  | { readonly kind: 'stalled'; readonly answer: Answer | undefined }
)

/** Handles a request of `/v0/…` and logs it. */
export function exchange(core: SandboxCore, request: SandboxRequest, log: Log): Reply {
  const atMs = core.clock.nowMs()
  const route = routeOf(request.method, request.path)
  const faults = core.faults.strike({ method: request.method, path: request.path, route: route?.name })
  const reply = replyOf(core, request, route, faults, log)
  core.requests.add({
    atMs,
    method: request.method,
    path: request.path,
    status: reply.kind === 'dropped' || reply.answer === undefined ? 0 : reply.answer.status,
    bytes: reply.kind === 'dropped' || reply.answer === undefined ? 0 : reply.answer.body.length,
    fault: reply.fault,
  })
  return reply
}

function replyOf(
  core: SandboxCore,
  request: SandboxRequest,
  route: Route | undefined,
  faults: readonly Fault[],
  log: Log,
): Reply {
  const delayMs = faults.filter(({ kind }) => kind === 'latency').reduce((sum, fault) => sum + fault.delayMs, 0)
  const fault = faults.length === 0 ? undefined : faults.map(({ kind }) => kind).join(',')
  for (const each of faults) spoilData(core, route, each)
  const spoiler = faults.find(({ kind }) => kind !== 'latency')
  const answer = (): Answer => answerOrRefusal(core, request, route, log)
  const sent = (value: Answer): Reply => ({ kind: 'answer', answer: value, delayMs, fault })
  switch (spoiler?.kind) {
    case 'drop-request':
      return { kind: 'dropped', delayMs, fault }
    case 'drop-reply':
      answer()
      return { kind: 'dropped', delayMs, fault }
    case 'stall-headers':
      answer()
      return { kind: 'stalled', answer: undefined, delayMs, fault }
    case 'stall-body':
      return { kind: 'stalled', answer: answer(), delayMs, fault }
    case 'html':
      answer()
      return sent({ status: 200, contentType: 'text/html; charset=utf-8', body: Buffer.from(proxyPage, 'utf8') })
    case 'truncate': {
      const whole = answer()
      return sent({ ...whole, body: whole.body.subarray(0, Math.floor(whole.body.length / 2)) })
    }
    case 'rate-limit':
      return sent(refused(refusals.rateLimited(spoiler.body, retryAfter(spoiler))))
    case 'unavailable':
      if (spoiler.commit) answer()
      return sent(refused(refusals.retriable(retryAfter(spoiler))))
    case 'server-error':
      if (spoiler.commit) answer()
      return sent(refused(refusals.serverError()))
    default:
      return sent(answer())
  }
}

const proxyPage = '<!doctype html><title>Please wait</title><p>Checking your connection…</p>\n'

function retryAfter({ retryAfterSeconds }: Fault): Readonly<Record<string, string>> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
}

function spoilData(core: SandboxCore, route: Route | undefined, fault: Fault): void {
  if (fault.kind === 'expire-iterators') core.iterators.expireAll()
  if (fault.kind === 'lose-retention') core.webhooks.loseRetention(fault.keep)
  if (fault.kind !== 'invalid-hook' || route?.baseId === undefined) return
  for (const hook of core.webhooks.ofBase(route.baseId)) {
    core.webhooks.append(hook.id, core.clock.nowMs(), JSON.stringify(errorPayload('INVALID_HOOK')))
    core.webhooks.disable(hook.id)
  }
}

function answerOrRefusal(core: SandboxCore, request: SandboxRequest, route: Route | undefined, log: Log): Answer {
  try {
    return answerCall(core, route, request)
  } catch (error) {
    if (error instanceof ApiRefusal) return refused(error)
    log.error({ err: error, method: request.method, route: route?.name }, 'the sandbox failed to handle a request')
    return refused(refusals.serverError())
  }
}

function refused(refusal: ApiRefusal): Answer {
  return jsonAnswer(refusal.status, refusal.body, refusal.headers)
}
