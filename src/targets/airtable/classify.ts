/**
 * What an answer, or its absence, means and what may be done about it. Pure. Texts of Airtable are not passed on, since
 * they quote values; only names of fields, ids and types are taken from them.
 */
import { z } from 'zod'
import type { ErrorCode } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import type { Sent } from './transport.ts'

/** What a call is about, as far as its refusals are read by it. */
export interface CallNature {
  /** For messages; for example `writing records`. */
  readonly doing: string
  /** Whether it writes cells, so that a 422 concerns a record. */
  readonly writesRecords: boolean
  /**
   * When it may be sent again as it is: `whenever` where twice does the same as once; `if-not-done` where it may make something
   * twice; `never` where the pause alone makes it wrong: a write would take back what somebody has written into the same cells
   * meanwhile, so that whoever asked for it looks anew first (`AirtableBase.insisting`).
   */
  readonly again: 'whenever' | 'if-not-done' | 'never'
}

/** How the caller goes on after a failure. */
export type Treatment =
  /** Try again after a growing pause, as the nature of the call allows. */
  | 'backoff'
  /** Let the whole base rest, then try again: it was not carried out. */
  | 'rest'
  /** Give up. */
  | 'never'

export interface Failure {
  readonly is: 'failure'
  readonly code: AirtableErrorCode
  readonly message: string
  readonly treatment: Treatment
  /** False when it was surely not carried out. */
  readonly mayBeDone: boolean
  /** Airtable's own word for it, such as `INVALID_VALUE_FOR_COLUMN`. */
  readonly airtableType: string | undefined
  /** Name or id of the field that a refusal names. */
  readonly field: string | undefined
  /** The record that a refusal says is not there. */
  readonly missingRecordId: string | undefined
  readonly restMs: number | undefined
}

export type AirtableErrorCode = Extract<ErrorCode, `AIRTABLE_${string}`>

export type Verdict = { readonly is: 'ok'; readonly body: JsonValue | undefined } | Failure

/** How long Airtable refuses everything after too many calls, in milliseconds (documented). */
export const restAfterRateLimitMs = 30_000

/** Judges what came back of a call. */
export function classify(sent: Sent, nature: CallNature): Verdict {
  if (sent.is === 'failure') {
    const what = sent.reason === 'connection' ? `cannot be reached (${sent.detail})` : `gave ${sent.detail}`
    return failed(nature, 'AIRTABLE_UNREACHABLE', what, { treatment: 'backoff', mayBeDone: sent.mayHaveArrived })
  }
  const { status, isJson } = sent
  if (status >= 200 && status < 300) return success(sent, nature)
  const said = saidIn(sent.body)
  const details = { airtableType: said.type }
  const word = said.type === undefined ? `${status}` : `${status} ${said.type}`
  if (status >= 500 || status === 408 || (status >= 300 && status < 400)) {
    return failed(nature, 'AIRTABLE_UNREACHABLE', `answered ${word}`, {
      ...details,
      treatment: 'backoff',
      mayBeDone: true,
      restMs: sent.retryAfterMs,
    })
  }
  switch (status) {
    case 401:
      return failed(nature, 'AIRTABLE_UNAUTHORIZED', `does not know the token (${word})`, details)
    case 403:
      return failed(nature, 'AIRTABLE_FORBIDDEN', forbidden(said, word), details)
    case 404:
      return notFound(nature, said, word)
    case 413:
    case 422:
      return unprocessable(nature, said, word)
    case 429:
      return tooMany(nature, said, word, sent.retryAfterMs)
    default:
      return failed(
        nature,
        isJson ? 'AIRTABLE_REFUSED' : 'AIRTABLE_PROTOCOL',
        `answered ${word}${isJson ? '' : ' without JSON'}`,
        details,
      )
  }
}

function success(sent: Extract<Sent, { is: 'answer' }>, nature: CallNature): Verdict {
  if (sent.isJson || sent.status === 204) return { is: 'ok', body: sent.body }
  return failed(nature, 'AIRTABLE_UNREACHABLE', 'answered something that is no JSON, as proxies and cut lines do', {
    treatment: 'backoff',
    mayBeDone: true,
  })
}

function forbidden({ type, message }: Said, word: string): string {
  const what = /^You are not permitted (to [^"\n]{1,160})$/.exec(message ?? '')?.[1]
  if (type === 'INVALID_PERMISSIONS' && what !== undefined) return `says that the token's owner may not do it: ${what}`
  return `refuses access: the token lacks a scope or was not given this base, or there is no such base or table (${word})`
}

function notFound(nature: CallNature, said: Said, word: string): Failure {
  const isRecord = said.type === 'MODEL_ID_NOT_FOUND' && nature.writesRecords
  return failed(
    nature,
    isRecord ? 'AIRTABLE_RECORD_REFUSED' : 'AIRTABLE_NOT_FOUND',
    isRecord ? 'has no such record any more' : `finds nothing there (${word})`,
    { airtableType: said.type },
  )
}

/** Types of refusals that no record is to blame for, although a write met them. */
const ofTheRequest: ReadonlySet<string> = new Set(['UNKNOWN_FIELD_NAME', 'INVALID_RECORDS', 'TABLE_NOT_FOUND'])

function unprocessable(nature: CallNature, said: Said, word: string): Failure {
  const { type, message = '' } = said
  if (type === 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' || type === 'INVALID_OFFSET_VALUE') {
    return failed(nature, 'AIRTABLE_ITERATOR_EXPIRED', 'forgot where the list was', { airtableType: type })
  }
  const field = /^Field "(.*)" cannot accept /.exec(message)?.[1] ?? /^Unknown field name: "(.*)"$/.exec(message)?.[1]
  const missingRecordId = /\b(rec[A-Za-z0-9]{14})\b does not exist/.exec(message)?.[1]
  const details = { airtableType: type, field, missingRecordId }
  const where = field === undefined ? '' : ` for the field "${field}"`
  return nature.writesRecords && !(type !== undefined && ofTheRequest.has(type))
    ? failed(nature, 'AIRTABLE_RECORD_REFUSED', `refused values${where} (${word})`, details)
    : failed(nature, 'AIRTABLE_REFUSED', `refused the request${where} (${word})`, details)
}

function tooMany(nature: CallNature, said: Said, word: string, retryAfterMs: number | undefined): Failure {
  if (said.type === 'PUBLIC_API_BILLING_LIMIT_EXCEEDED') {
    return failed(nature, 'AIRTABLE_QUOTA_EXHAUSTED', 'says that the calls of this month are used up', {
      airtableType: said.type,
    })
  }
  return failed(nature, 'AIRTABLE_RATE_LIMITED', `refused calls as too many (${word})`, {
    airtableType: said.type,
    treatment: 'rest',
    restMs: Math.max(restAfterRateLimitMs, retryAfterMs ?? 0),
  })
}

function failed(nature: CallNature, code: AirtableErrorCode, what: string, details: Partial<Failure> = {}): Failure {
  return {
    is: 'failure',
    code,
    message: `${nature.doing}: Airtable ${what}`,
    treatment: 'never',
    mayBeDone: false,
    airtableType: undefined,
    field: undefined,
    missingRecordId: undefined,
    restMs: undefined,
    ...details,
  }
}

interface Said {
  readonly type: string | undefined
  readonly message: string | undefined
}

const typeSchema = z.string().regex(/^[A-Z][A-Z0-9_]{2,80}$/)
/** `{"error":"NOT_FOUND"}`, `{"error":{type,message}}`, `{"errors":[{error,message}]}`: all three are in use. */
const saidSchema = z.union([
  z.object({ error: typeSchema }).transform(({ error }): Said => ({ type: error, message: undefined })),
  z
    .object({ error: z.object({ type: typeSchema, message: z.string().optional() }) })
    .transform(({ error }): Said => ({ type: error.type, message: error.message })),
  z
    .object({ errors: z.tuple([z.object({ error: typeSchema, message: z.string().optional() })], z.unknown()) })
    .transform(({ errors: [first] }): Said => ({ type: first.error, message: first.message })),
])

function saidIn(body: JsonValue | undefined): Said {
  const parsed = saidSchema.safeParse(body)
  return parsed.success ? parsed.data : { type: undefined, message: undefined }
}
