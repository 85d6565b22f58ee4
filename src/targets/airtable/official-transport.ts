/**
 * The transport over the `airtable` package. What the package hides (bodies and headers of refusals) or leaves open
 * (answers whose body never ends) is made good here and nowhere else; docs/adr/0012-airtable-package-as-transport.md
 * says how and why.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ClientRequest } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { JsonValue } from '../../json.ts'
import { type AirtableRequest, type AirtableTransport, retryAfterMsOf, type Sent } from './transport.ts'

export interface OfficialTransport extends AirtableTransport {
  close(): void
}

/** Our own deadline comes first; the package's is only there so that it never waits its 300 s. */
const packageDeadlineExtraMs = 1000

/** What one call has opened, so that it can be closed. */
interface Opened {
  request: ClientRequest | undefined
}

/** Opens the transport; `close` ends its watch on the requests of this process. */
export function createOfficialTransport({ clock }: { readonly clock: Clock }): OfficialTransport {
  const calls = new AsyncLocalStorage<Opened>()
  const note = (message: unknown) => {
    const opened = calls.getStore()
    const request = startedSchema.safeParse(message)
    if (opened !== undefined && request.success) opened.request = request.data.request
  }
  subscribe(startChannel, note)
  let loaded: Promise<BaseMaker> | undefined

  const send = async (request: AirtableRequest): Promise<Sent> => {
    if (request.signal.aborted) return aborted(false)
    // Loaded with the first call, so that commands that make none start faster.
    loaded ??= loadPackage()
    const base = (await loaded)(request, rootOf(request.path))
    const opened: Opened = { request: undefined }
    const answer = calls
      .run(opened, () => base.makeRequest(optionsOf(request)))
      .then(
        (response) => answerOf(response, clock.nowMs()),
        (error: unknown) => failureOf(error),
      )
    return await settledBy(answer, request, clock, () => opened.request?.destroy())
  }
  return { send, close: () => void unsubscribe(startChannel, note) }
}

/** https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#built-in-channels */
const startChannel = 'http.client.request.start'
const startedSchema = z.object({ request: z.instanceof(ClientRequest) })

/** The answer, or the end of patience: then what the call opened is destroyed, so that no socket stays behind. */
function settledBy(
  answer: Promise<Sent>,
  { signal, deadlineMs }: AirtableRequest,
  clock: Clock,
  giveUp: () => void,
): Promise<Sent> {
  return new Promise((resolve) => {
    const end = (sent: Sent) => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
      resolve(sent)
    }
    const abort = () => {
      end(aborted(true))
      giveUp()
    }
    const timer = clock.after(deadlineMs, () => {
      end({
        is: 'failure',
        reason: 'deadline',
        detail: `no whole answer within ${deadlineMs / 1000} s`,
        mayHaveArrived: true,
      })
      giveUp()
    })
    signal.addEventListener('abort', abort, { once: true })
    void answer.then(end)
  })
}

function aborted(mayHaveArrived: boolean): Sent {
  return { is: 'failure', reason: 'aborted', detail: 'ended by the caller', mayHaveArrived }
}

interface PackageResponse {
  readonly statusCode: number
  readonly headers: { get(name: string): string | null }
  readonly body: JsonValue
}

interface PackageBase {
  makeRequest(options: ReturnType<typeof optionsOf>): Promise<PackageResponse>
}

type BaseMaker = (request: AirtableRequest, root: string) => PackageBase

async function loadPackage(): Promise<BaseMaker> {
  const { default: Airtable } = await import('airtable')
  /** The package's base, but for every status its answer is handed over as it is, instead of as a folded error. */
  class CandidBase extends Airtable.Base {
    override _checkStatusForError(): null {
      return null
    }
  }
  return ({ token, endpointUrl, deadlineMs }, root) =>
    new CandidBase(
      new Airtable({
        apiKey: token,
        endpointUrl,
        noRetryIfRateLimited: true,
        requestTimeout: deadlineMs + packageDeadlineExtraMs,
      }),
      root,
    )
}

/** The package addresses everything below a base; `meta` and `bases` stand where a base does. */
function rootOf(path: string): string {
  return path.slice(0, path.indexOf('/'))
}

function optionsOf({ method, path, query, body }: AirtableRequest) {
  return {
    method,
    path: path.slice(path.indexOf('/')),
    qs: { ...query },
    ...(body === undefined ? {} : { body }),
  }
}

function answerOf({ statusCode, headers, body }: PackageResponse, nowMs: number): Sent {
  return {
    is: 'answer',
    status: statusCode,
    body,
    isJson: true,
    retryAfterMs: retryAfterMsOf(headers.get('retry-after'), nowMs),
  }
}

const packageErrorSchema = z.object({
  error: z.string(),
  message: z.string(),
  statusCode: z.number().nullish(),
})

/** The package's errors are no `Error`s. Their text holds the address with its query, so only known words are taken. */
function failureOf(error: unknown): Sent {
  const parsed = packageErrorSchema.safeParse(error)
  const status = parsed.success ? parsed.data.statusCode : undefined
  if (typeof status === 'number') {
    return { is: 'answer', status, body: undefined, isJson: false, retryAfterMs: undefined }
  }
  const detail = wordsOf(parsed.success ? parsed.data.message : '')
  return { is: 'failure', reason: 'connection', detail, mayHaveArrived: !neverSent.test(detail) }
}

const knownWords =
  /\b(E[A-Z]{4,}|EAI_[A-Z]+|CERT_[A-Z_]+|[A-Z_]*SELF_SIGNED[A-Z_]*|UNABLE_TO_[A-Z_]+|socket hang up|certificate[a-z ]*|aborted)\b/
const neverSent = /^(ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+|EHOSTUNREACH|ENETUNREACH|.*(CERT|certificate|UNABLE_TO).*)$/

function wordsOf(message: string): string {
  // The reason comes after the address, which must not be searched: it can hold anything.
  const reason = /, reason: ([\s\S]*)$/.exec(message)?.[1] ?? ''
  return knownWords.exec(reason)?.[1]?.trim() ?? 'the connection failed'
}
