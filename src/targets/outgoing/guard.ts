/**
 * The one way out for everything that is not Airtable's: webhooks, mail, pings, probes. What it keeps true: a connection is
 * made only to an address that was checked in the very look-up that it is made by, so that a name which changes its mind
 * (DNS rebinding) gains nothing; no redirect is followed; time and size of an answer are bounded.
 *
 * A name must lead to the internet. This machine and its neighbours are reached only where the owner wrote so: by the
 * address itself or `localhost`, or by any name in the desired state. Link-local addresses, where clouds keep
 * credentials, and IPv4 addresses written as IPv6 are never reached.
 */
import { type LookupAddress, type LookupAllOptions, lookup as lookUpByDns } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { messageOf, OperationalError } from '../../errors.ts'
import { addressClass } from './address-class.ts'

/** Who asks: a `message` goes to an address that a secret holds; a `declared` one to what the desired state names for everybody to see. */
export type Purpose = 'message' | 'declared'

export interface OutgoingRequest {
  readonly url: string
  readonly purpose: Purpose
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  /** Bytes of the answer that are read; more end the request as failed. 0: the status is enough, nothing is read. */
  readonly answerMax: number
  readonly signal: AbortSignal
}

export interface OutgoingAnswer {
  readonly status: number
  /** Seconds, where the answer says when to come again. */
  readonly retryAfterSeconds: number | undefined
  readonly text: string
}

export interface Outgoing {
  /** Throws OUTGOING_REFUSED for a target that is not allowed, OUTGOING_FAILED for what did not answer in time or at all. */
  request(request: OutgoingRequest): Promise<OutgoingAnswer>
  /** A connected socket. Throws as `request` does. */
  connect(target: {
    readonly host: string
    readonly port: number
    readonly purpose: Purpose
    readonly timeoutMs: number
    readonly signal: AbortSignal
  }): Promise<Socket>
}

/** As `dns.lookup`; another one in tests. */
export type LookUp = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export function createOutgoing(lookUp: LookUp = lookUpByDns): Outgoing {
  return {
    request: (request) => send(request, lookUp),
    connect: async ({ host, port, purpose, timeoutMs, signal }) => {
      assertHost(host, purpose)
      return open({ host, port, timeoutMs, signal, lookup: checkedLookup(purpose, lookUp) })
    },
  }
}

/**
 * For a client that makes its requests itself, since it sends and reads streams: checks the host and gives the look-up that the
 * connection must be made by. Throws OUTGOING_REFUSED.
 */
export function guardedLookup(host: string, purpose: Purpose, lookUp: LookUp = lookUpByDns): LookupFunction {
  assertHost(host, purpose)
  return checkedLookup(purpose, lookUp)
}

function refused(message: string): OperationalError {
  return new OperationalError('OUTGOING_REFUSED', message)
}

function isAllowed(address: string, purpose: Purpose, isWritten: boolean): boolean {
  const found = addressClass(address)
  return found === 'public' || (found !== 'never' && (isWritten || purpose === 'declared'))
}

/** An address that is written out, or `localhost`, is looked up by nobody: it is checked here. */
function assertHost(host: string, purpose: Purpose): void {
  const bare = host.replace(/^\[|\]$/g, '')
  if (bare === '') throw refused('the address names no host')
  if (isIP(bare) !== 0 && !isAllowed(bare, purpose, true)) throw refused('the address leads where nothing is sent to')
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Looks a name up and gives only what may be connected to: what is given is what the connection is made to. */
function checkedLookup(purpose: Purpose, lookUp: LookUp): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const allowed = found.filter(
        ({ address }) =>
          isAllowed(address, purpose, false) || (isLocalName(hostname) && addressClass(address) === 'loopback'),
      )
      // One address that must not be reached is reason enough: such a name is not what it says.
      const [first] = allowed
      if (first === undefined || found.some(({ address }) => addressClass(address) === 'never'))
        return callback(refused('the name leads where nothing is sent to'), '', 0)
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function urlOf(text: string): URL {
  // The address may hold a secret: it is not repeated in an error.
  if (!URL.canParse(text)) throw refused('what is given is no web address')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('only http and https are spoken')
  if (url.username !== '' || url.password !== '') throw refused('the address holds a name and password')
  return url
}

async function send(given: OutgoingRequest, lookUp: LookUp): Promise<OutgoingAnswer> {
  const { purpose, method = 'GET', headers = {}, body, timeoutMs, answerMax, signal } = given
  const url = urlOf(given.url)
  assertHost(url.hostname, purpose)
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      ...{ method, signal, agent: false, lookup: checkedLookup(purpose, lookUp) },
      headers: {
        'user-agent': 'trueup',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    })
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
    const end = () => {
      clearTimeout(timer)
      sent.destroy()
    }
    const fail = (problem: unknown) => {
      end()
      reject(failure(problem))
    }
    sent.on('error', fail)
    sent.on('response', (response) => {
      const retryAfter = Number(response.headers['retry-after'])
      const answer = {
        status: response.statusCode ?? 0,
        retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
      }
      const parts: Buffer[] = []
      let size = 0
      const finish = () => {
        end()
        resolve({ ...answer, text: Buffer.concat(parts).toString('utf8') })
      }
      // A body that never ends is not waited for where nobody reads it.
      if (answerMax === 0) return finish()
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > answerMax) fail(`the answer is longer than ${answerMax} bytes`)
        else parts.push(part)
      })
      response.on('error', fail)
      response.on('end', finish)
    })
    sent.end(body)
  })
}

function open(target: {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly lookup: LookupFunction
}): Promise<Socket> {
  const { host, port, timeoutMs, signal, lookup } = target
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup, signal })
    const fail = (problem: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(failure(problem))
    }
    const timer = setTimeout(() => fail(`no connection within ${timeoutMs / 1000} s`), timeoutMs)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/** Says what happened without the address: the code of the system where there is one. */
function failure(problem: unknown): OperationalError {
  if (problem instanceof OperationalError) return problem
  if (typeof problem === 'string') return new OperationalError('OUTGOING_FAILED', problem)
  const code = problem instanceof Error && 'code' in problem ? String(problem.code) : messageOf(problem)
  return new OperationalError('OUTGOING_FAILED', `the target cannot be reached: ${code}`, { cause: problem })
}
