/**
 * A store that speaks S3 over HTTP, as strict as the real ones where it matters: it works the signature of each request out
 * anew (AWS Signature Version 4) and refuses any other, compares every body with its hashes, keeps what is there when
 * `If-None-Match: *` says so, and lists in pages. It may be told to fail.
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface S3Server {
  readonly endpoint: string
  /** Objects by bucket and key: `bucket/prefix/id/file`. */
  readonly objects: Map<string, Buffer>
  /** Method and path of every request that was answered, in their order. */
  readonly log: string[]
  /** Answers the next requests with these statuses instead. */
  failNext(...statuses: readonly number[]): void
  /** From now on every request is sent there. */
  redirectTo(address: string): void
  close(): Promise<void>
}

export const s3Keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

export async function startS3({ bucket = 'vault', pageSize = 3 } = {}): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const log: string[] = []
  const failing: number[] = []
  let redirect: string | undefined
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', 'http://store')
    log.push(`${request.method} ${url.pathname}`)
    const status = failing.shift()
    if (redirect !== undefined) return void response.writeHead(307, { location: redirect }).end()
    if (status !== undefined) return answer(response, status, errorXml('InternalError'))
    const refusal = refusalOf(request, url, body)
    if (refusal !== undefined) return answer(response, 403, errorXml(refusal))
    const name = decodeURIComponent(url.pathname.slice(1))
    if (name.split('/')[0] !== bucket) return answer(response, 404, errorXml('NoSuchBucket'))
    if (request.method === 'GET' && name === bucket)
      return answer(response, 200, listing(url, bucket, objects, pageSize))
    const found = objects.get(name)
    switch (request.method) {
      case 'GET':
        return found === undefined ? answer(response, 404, errorXml('NoSuchKey')) : answer(response, 200, found)
      case 'PUT':
        if (request.headers['if-none-match'] === '*' && found !== undefined)
          return answer(response, 412, errorXml('PreconditionFailed'))
        if (request.headers['transfer-encoding'] !== undefined)
          return answer(response, 411, errorXml('MissingContentLength'))
        objects.set(name, body)
        return answer(response, 200, '')
      case 'DELETE':
        objects.delete(name)
        return answer(response, 204, '')
      default:
        return answer(response, 405, errorXml('MethodNotAllowed'))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the store has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    objects,
    log,
    failNext: (...statuses) => void failing.push(...statuses),
    redirectTo: (to) => {
      redirect = to
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, worked out from what came over the wire. */
function refusalOf(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const { authorization = '' } = request.headers
  const [, keyId, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? []
  if (keyId !== s3Keys.accessKeyId || scope === undefined || names === undefined) return 'InvalidAccessKeyId'
  const header = (name: string) => String(request.headers[name] ?? '').trim()
  const atText = header('x-amz-date')
  const atMs = Date.parse(atText.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(Date.now() - atMs) < 15 * 60_000)) return 'RequestTimeTooSkewed'
  const claimed = header('x-amz-content-sha256')
  if (claimed !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const checksum = header('x-amz-checksum-sha256')
  if (checksum !== '' && checksum !== createHash('sha256').update(body).digest('base64')) return 'BadDigest'
  const signed = names.split(';')
  for (const must of ['host', 'x-amz-date', 'x-amz-content-sha256']) if (!signed.includes(must)) return 'AccessDenied'
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
  const canonical = [
    request.method,
    url.pathname,
    query,
    ...signed.map((name) => `${name}:${header(name)}`),
    '',
    names,
    claimed,
  ].join('\n')
  const [date = '', region = '', service = '', end = ''] = scope.split('/')
  if (service !== 's3' || end !== 'aws4_request' || !atText.startsWith(date)) return 'AuthorizationHeaderMalformed'
  const key = [date, region, service, end].reduce<Buffer | string>(
    (secret, text) => hmac(secret, text),
    `AWS4${s3Keys.secretAccessKey}`,
  )
  const right = hmac(key, ['AWS4-HMAC-SHA256', atText, scope, sha256(canonical)].join('\n')).toString('hex')
  return right === signature ? undefined : 'SignatureDoesNotMatch'
}

function listing(url: URL, bucket: string, objects: ReadonlyMap<string, Buffer>, pageSize: number): string {
  const prefix = `${bucket}/${url.searchParams.get('prefix') ?? ''}`
  const after = url.searchParams.get('continuation-token') ?? ''
  const names = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort()
  const page = names.slice(0, pageSize)
  const entries = page.map(
    (name) =>
      `<Contents><Key>${name.slice(bucket.length + 1)}</Key><Size>${objects.get(name)?.length}</Size></Contents>`,
  )
  const isMore = names.length > page.length
  const next = isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
  return `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isMore}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`
}

function answer(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body)
}

const errorXml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of request) if (part instanceof Uint8Array) parts.push(part)
  return Buffer.concat(parts)
}
