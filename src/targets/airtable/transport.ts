/**
 * How one request gets to Airtable and its answer back. A transport never throws and always settles by its deadline; what
 * an answer means is decided elsewhere.
 */
import type { JsonValue } from '../../json.ts'

export interface AirtableRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/v0/`, already encoded; for example `appBZvPvNXGqtoJdc/tbl…/listRecords` or `meta/bases/app…/tables`. */
  readonly path: string
  readonly query: Readonly<Record<string, string | number | readonly string[]>>
  /** Sent with POST and PATCH. */
  readonly body: JsonValue | undefined
  /** Goes into the header `Authorization` and nowhere else. */
  readonly token: string
  /** For example `https://api.airtable.com`. */
  readonly endpointUrl: string
  readonly signal: AbortSignal
  /** Longest time from now until the body is whole, in milliseconds. */
  readonly deadlineMs: number
}

export interface AirtableAnswer {
  readonly is: 'answer'
  readonly status: number
  /** undefined where it is no JSON object. */
  readonly body: JsonValue | undefined
  readonly isJson: boolean
  /** What `Retry-After` says; undefined where the answer has none. */
  readonly retryAfterMs: number | undefined
}

export interface TransportFailure {
  readonly is: 'failure'
  readonly reason: 'deadline' | 'aborted' | 'connection'
  /** A word of the system such as `ECONNREFUSED`, or a few plain ones; never text of the request. */
  readonly detail: string
  /** False when the request has surely not reached the other side. */
  readonly mayHaveArrived: boolean
}

export type Sent = AirtableAnswer | TransportFailure

export interface AirtableTransport {
  send(request: AirtableRequest): Promise<Sent>
}

/** `Retry-After` in milliseconds: seconds, or a date (RFC 9110, 10.2.3); undefined for anything else. */
export function retryAfterMsOf(header: string | null | undefined, nowMs: number): number | undefined {
  if (header === null || header === undefined || header.trim() === '') return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
