/**
 * Packs and unpacks files with gzip. A file is packed in blocks, several at a time on the threads that Node has for this, each a
 * member of its own: what comes out is one gzip file to every program that reads such (RFC 1952, 2.2).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'

/** Large pieces: with those of 64 KiB half of the time goes into handing them on. */
const blockBytes = 1 << 20
export const inBlocks = { highWaterMark: blockBytes }

/** Hears of bytes that were gone through. */
export type OnBytes = (bytes: number) => void

/** Bytes and SHA-256 of a file. */
export interface FileFacts {
  readonly bytes: number
  readonly sha256: string
}

/** The fastest level: one that takes three times as long saves a fifth of the room. */
const packed = promisify<Buffer, { level: number; chunkSize: number }, Buffer>(gzip)
const aheadMax = availableParallelism()
const settings = { level: 1, chunkSize: blockBytes }

/** Makes `to` (0600, must not be there), durable. Throws what the file system throws. */
export async function gzipFile(
  from: string,
  to: string,
  onBytes?: OnBytes,
): Promise<{ readonly plain: FileFacts; readonly stored: FileFacts }> {
  const [plain, stored] = [tap(onBytes), tap(undefined)]
  const out = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true })
  await pipeline(createReadStream(from, inBlocks), plain.stream, inMembers, stored.stream, out)
  return { plain: plain.facts(), stored: stored.facts() }
}

/** Members in the order of their blocks, as many made at once as there are cores. */
async function* inMembers(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const making: Promise<Buffer>[] = []
  const make = (block: Buffer) => {
    const member = packed(block, settings)
    // Its turn to be awaited may come after it failed.
    member.catch(() => undefined)
    making.push(member)
  }
  let isEmpty = true
  for await (const block of blocks) {
    isEmpty = false
    make(block)
    const first = making.length > aheadMax ? making.shift() : undefined
    if (first !== undefined) yield await first
  }
  if (isEmpty) make(Buffer.alloc(0))
  for (const member of making) yield await member
}

/** Unpacks into `to` (0600, must not be there). Throws what zlib and the file system throw. */
export async function gunzipFile(
  from: string,
  to: string,
  { isDurable, onBytes }: { readonly isDurable: boolean; readonly onBytes?: OnBytes },
): Promise<FileFacts> {
  const plain = tap(onBytes)
  const out = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: isDurable })
  await pipeline(createReadStream(from, inBlocks), createGunzip({ chunkSize: blockBytes }), plain.stream, out)
  return plain.facts()
}

export async function factsOfFile(path: string, onBytes?: OnBytes): Promise<FileFacts> {
  const read = tap(onBytes)
  await pipeline(createReadStream(path, inBlocks), read.stream, async (chunks: AsyncIterable<unknown>) => {
    for await (const _ of chunks);
  })
  return read.facts()
}

/** A stream that passes everything on, hashed and counted. */
function tap(onBytes: OnBytes | undefined): { readonly stream: Transform; readonly facts: () => FileFacts } {
  const hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      onBytes?.(chunk.length)
      done(null, chunk)
    },
  })
  return { stream, facts: () => ({ bytes, sha256: hash.digest('hex') }) }
}
