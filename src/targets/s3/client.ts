/**
 * Puts objects into a store that speaks S3, reads, lists and removes them. An object is written once: what is there is never
 * written over. Requests go to the one host that was declared (no redirect is followed), and end when nothing comes for half a minute.
 */
import { createReadStream } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AwsV4Signer } from 'aws4fetch'
import { messageOf, OperationalError } from '../../errors.ts'
import { guardedLookup } from '../outgoing/guard.ts'
import { codeOf } from '../sqlite/database-error.ts'
import { fullKey, type S3Place, urlOf } from './place.ts'
import { codeIn, readListing } from './xml.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** What is put: a file, or a short text. */
export type S3Content = { readonly path: string } | { readonly text: string }

export interface S3Object {
  /** Without the prefix of the place. */
  readonly key: string
  readonly bytes: number
}

/** Every call throws BACKUP_TARGET_UNUSABLE where the store cannot be reached or refuses. */
export interface S3 {
  /** All objects whose keys begin so. */
  list(under: string, signal: AbortSignal): Promise<readonly S3Object[]>
  /** Undefined where there is none. The stream ends, or fails when not all of it came. */
  get(key: string, signal: AbortSignal): Promise<Readable | undefined>
  /** Puts one that is not there yet; `there` where one of that key is, which stays as it is. @param facts of all its bytes; SHA-256 in hex */
  put(
    key: string,
    content: S3Content,
    facts: { readonly bytes: number; readonly sha256: string },
    signal: AbortSignal,
  ): Promise<'made' | 'there'>
  /** Nothing where there is none. */
  remove(key: string, signal: AbortSignal): Promise<void>
}

const idleMs = 30_000
const triesMax = 4
const pauseFirstMs = 300
const errorBytesMax = 8192
/** A page of a listing has 1,000 keys of at most 1,024 bytes each, written as XML. */
const listingBytesMax = 16 * 1024 ** 2
/** A single request takes no more than 5 GiB (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
export const objectBytesMax = 5 * 1024 ** 3

type Method = 'GET' | 'PUT' | 'DELETE'

interface Request {
  readonly method: Method
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: S3Content
  /** Answers besides those of success that are told rather than thrown. */
  readonly told?: readonly number[]
}

/** @param sleep waits between two tries */
export function createS3(
  place: S3Place,
  credentials: S3Credentials,
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>,
): S3 {
  const shown = `s3://${fullKey({ prefix: place.bucket }, place.prefix)} at ${new URL(place.endpoint).host}`

  async function answered(request: Request, signal: AbortSignal): Promise<http.IncomingMessage> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(request, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isPassing(error) || tries === triesMax) throw unusable(error)
      }
      await sleep(pauseFirstMs * 2 ** (tries - 1), signal)
    }
  }

  async function once(request: Request, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { method, url, headers = {}, content, told = [] } = request
    const signer = new AwsV4Signer({
      ...keysOf(credentials),
      method,
      url: url.href,
      headers,
      service: 's3',
      region: place.region,
    })
    const signed = await signer.sign()
    const answer = await send(
      new URL(signed.url),
      { method, headers: Object.fromEntries(signed.headers) },
      content,
      signal,
    )
    const status = answer.statusCode ?? 0
    if ((status >= 200 && status < 300) || told.includes(status)) return answer
    throw new S3Refusal(status, codeIn(await textOf(answer, errorBytesMax)))
  }

  function unusable(error: unknown): OperationalError {
    const hint = hintFor(error)
    return new OperationalError('BACKUP_TARGET_UNUSABLE', `${shown}: ${messageOf(error)}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    })
  }

  return {
    async list(under, signal) {
      const found: S3Object[] = []
      const own = fullKey(place, '')
      let token: string | undefined
      do {
        const query = {
          'list-type': '2',
          prefix: fullKey(place, under),
          ...(token === undefined ? {} : { 'continuation-token': token }),
        }
        const url = urlOf(place, '', query)
        const answer = await answered({ method: 'GET', url, headers: { 'x-amz-content-sha256': emptySha256 } }, signal)
        const page = readListing(await textOf(answer, listingBytesMax))
        for (const { key, bytes } of page.objects)
          if (key.startsWith(own)) found.push({ key: key.slice(own.length), bytes })
        token = page.next
      } while (token !== undefined)
      return found
    },
    async get(key, signal) {
      const headers = { 'x-amz-content-sha256': emptySha256 }
      const answer = await answered({ method: 'GET', url: urlOf(place, key), headers, told: [404] }, signal)
      if (answer.statusCode !== 404) return answer
      // A bucket that is not there is no object that is not there.
      const code = codeIn(await textOf(answer, errorBytesMax))
      if (code === 'NoSuchBucket') throw unusable(new S3Refusal(404, code))
      return undefined
    },
    async put(key, content, { bytes, sha256 }, signal) {
      if (bytes > objectBytesMax)
        throw new OperationalError(
          'BACKUP_TARGET_UNUSABLE',
          `${shown}: ${key} has ${bytes} bytes, more than the 5 GiB of one object`,
          {
            hint: 'Put large databases into a folder, and take its sets to the store with a program of your own.',
          },
        )
      const headers = {
        'if-none-match': '*',
        'x-amz-content-sha256': sha256,
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
        'content-length': String(bytes),
      }
      const answer = await answered({ method: 'PUT', url: urlOf(place, key), headers, content, told: [412] }, signal)
      answer.resume()
      return answer.statusCode === 412 ? 'there' : 'made'
    },
    async remove(key, signal) {
      const headers = { 'x-amz-content-sha256': emptySha256 }
      const answer = await answered({ method: 'DELETE', url: urlOf(place, key), headers, told: [404] }, signal)
      answer.resume()
    },
  }
}

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function keysOf({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

/** What the store answered with; the code is S3's, such as `AccessDenied`. */
class S3Refusal extends Error {
  readonly status: number
  readonly code: string | undefined
  constructor(status: number, code: string | undefined) {
    super(code === undefined ? `it answered ${status}` : `it answered ${status} ${code}`)
    this.status = status
    this.code = code
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof S3Refusal)
    return error.status >= 500 || error.status === 429 || error.status === 408 || error.status === 409
  return ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'EAI_AGAIN', 'ETIMEDOUT'].includes(codeOf(error) ?? '')
}

function hintFor(error: unknown): string | undefined {
  if (!(error instanceof S3Refusal)) return 'See that the store runs, and that `backups.*.s3.endpoint` is right.'
  if (error.status >= 300 && error.status < 400)
    return 'No redirect is followed: set `backups.*.s3.region` (and endpoint) to those of the bucket.'
  if (error.code === 'NoSuchBucket') return 'Make the bucket, or correct `backups.*.to`.'
  if (error.status === 403 || error.status === 401)
    return 'Check the keys that `backups.*.s3` refers to: they must be allowed to list, get, put and delete below the prefix.'
  return undefined
}

function send(
  url: URL,
  options: { readonly method: Method; readonly headers: Record<string, string> },
  content: S3Content | undefined,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const { request: open } = url.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const lookup = guardedLookup(url.hostname, 'declared')
    const request = open(url, { ...options, signal, timeout: idleMs, agent: false, lookup })
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${idleMs / 1000} s`)))
    request.on('error', reject)
    request.on('response', (answer) => {
      // Cut off half-way: whoever reads it must not take the half for the whole.
      answer.on('aborted', () => answer.destroy(new Error('the connection was cut off')))
      resolve(answer)
    })
    if (content === undefined) request.end()
    else {
      const body =
        'text' in content ? Readable.from([content.text]) : createReadStream(content.path, { highWaterMark: 1 << 20 })
      // An early answer (a refusal) closes the request while the body is sent: the answer counts then.
      pipeline(body, request).catch(reject)
    }
  })
}

async function textOf(answer: Readable, bytesMax: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer) {
    if (!(part instanceof Buffer)) continue
    bytes += part.length
    if (bytes > bytesMax) break
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
