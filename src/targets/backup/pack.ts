/** Takes the content of one member into its file of a set, and out of it again. For a child process. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { messageOf, OperationalError } from '../../errors.ts'
import { codeOf } from '../sqlite/database-error.ts'
import { contentOf } from './content.ts'
import { decryptFile, encryptFile } from './encryption.ts'
import type { Member, TableFacts } from './manifest.ts'

/** Large pieces: with those of 64 KiB half of the time goes into handing them on. */
const blockBytes = 1 << 20
const inBlocks = { highWaterMark: blockBytes }
const packing = { chunkSize: blockBytes }

/** Hears of bytes that were gone through. */
export type OnBytes = (bytes: number) => void

/** What is known of a member before it is packed. */
export type Packable = Pick<Member, 'name' | 'is' | 'restoredAs'>

/**
 * Packs the plain file. An encrypted one is unpacked and compared before it is encrypted, since afterwards only the owner
 * of the private key can do so.
 */
export async function packMember(
  plain: string,
  member: Packable,
  to: {
    readonly folder: string
    readonly scratch: string
    readonly recipients: readonly string[]
    readonly onBytes: OnBytes
  },
): Promise<Member> {
  const isEncrypted = to.recipients.length > 0
  const file = `${member.restoredAs}.gz${isEncrypted ? '.age' : ''}`
  const zipped = join(isEncrypted ? to.scratch : to.folder, `${member.restoredAs}.gz`)
  const [content, stored] = [createHash('sha256'), createHash('sha256')]
  const [counted, written] = [tap(content, to.onBytes), tap(stored)]
  const out = createWriteStream(zipped, { flags: 'wx', mode: 0o600, flush: true })
  // The fastest level: one that takes three times as long saves a fifth of the room.
  await pipeline(
    createReadStream(plain, inBlocks),
    counted.stream,
    createGzip({ level: 1, ...packing }),
    written.stream,
    out,
  )
  const packed: Member = {
    ...member,
    file,
    bytes: written.bytes(),
    sha256: stored.digest('hex'),
    plainBytes: counted.bytes(),
    plainSha256: content.digest('hex'),
    // The copy that is restored from it is checked in full before the set counts as verified.
    tables: await factsOf(plain, member, 'unchecked'),
  }
  if (!isEncrypted) return packed
  const { scratch, onBytes } = to
  await unpackMember(packed, { from: zipped, to: join(scratch, 'unpacked'), scratch, identities: [], onBytes })
  rmSync(join(to.scratch, 'unpacked'))
  const encrypted = join(to.folder, file)
  await encryptFile(zipped, encrypted, to.recipients)
  rmSync(zipped)
  return { ...packed, ...(await bytesOf(encrypted)) }
}

/** Bytes and SHA-256 of a file. */
export async function bytesOf(path: string, onBytes?: OnBytes): Promise<Pick<Member, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256')
  const counted = tap(hash, onBytes)
  await pipeline(createReadStream(path, inBlocks), counted.stream, async (chunks: AsyncIterable<unknown>) => {
    for await (const _ of chunks);
  })
  return { bytes: counted.bytes(), sha256: hash.digest('hex') }
}

/** Says of a member's file what is wrong with its bytes; undefined when nothing is. */
export async function byteProblem(member: Member, path: string, onBytes: OnBytes): Promise<string | undefined> {
  try {
    const { bytes, sha256 } = await bytesOf(path, onBytes)
    if (bytes !== member.bytes) return `${member.file} has ${bytes} bytes, not the ${member.bytes} that were written`
    return sha256 === member.sha256 ? undefined : `${member.file} holds other bytes than were written`
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return `${member.file} is missing`
    throw error
  }
}

/**
 * Unpacks a member into the plain file `to` and compares bytes, rows and hashes with what the manifest says. Throws
 * BACKUP_DAMAGED, BACKUP_KEY_NEEDED.
 */
export async function unpackMember(
  member: Member,
  at: {
    readonly from: string
    readonly to: string
    readonly scratch: string
    readonly identities: readonly string[]
    readonly onBytes: OnBytes
  },
): Promise<void> {
  let zipped = at.from
  if (zipped.endsWith('.age')) {
    zipped = join(at.scratch, `${basename(at.from)}.decrypted`)
    await decryptFile(at.from, zipped, at.identities)
  }
  const hash = createHash('sha256')
  const counted = tap(hash, at.onBytes)
  try {
    await pipeline(
      createReadStream(zipped, inBlocks),
      createGunzip(packing),
      counted.stream,
      createWriteStream(at.to, { flags: 'wx', mode: 0o600, flush: true }),
    )
  } catch (error) {
    if (codeOf(error)?.startsWith('Z_') === true)
      throw new OperationalError('BACKUP_DAMAGED', `${member.file} cannot be unpacked: ${messageOf(error)}`)
    throw error
  } finally {
    if (zipped !== at.from) rmSync(zipped, { force: true })
  }
  if (counted.bytes() !== member.plainBytes || hash.digest('hex') !== member.plainSha256)
    throw new OperationalError('BACKUP_DAMAGED', `${member.file} unpacks to something else than was packed`)
  compareTables(member, await factsOf(at.to, member, 'full'))
}

function compareTables(member: Member, found: readonly TableFacts[]): void {
  const known = new Map(found.map((table) => [table.name, table]))
  for (const { name, rows, sha256 } of member.tables) {
    const now = known.get(name)
    if (now?.rows === rows && now.sha256 === sha256) continue
    throw new OperationalError(
      'BACKUP_DAMAGED',
      `${member.file}: table ${name} has ${now?.rows ?? 'no'} rows or other values than the ${rows} that were packed`,
    )
  }
}

async function factsOf(plain: string, { is, name }: Packable, depth: 'unchecked' | 'full'): Promise<TableFacts[]> {
  if (is === 'database' || is === 'own-database') return contentOf(plain, name, depth)
  if (is !== 'airtable-table') return []
  const hash = createHash('sha256')
  let rows = 0
  for await (const chunk of createReadStream(plain)) {
    if (!(chunk instanceof Uint8Array)) continue
    hash.update(chunk)
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, at + 1)) rows += 1
  }
  return [{ name, rows, sha256: hash.digest('hex') }]
}

const lineEnd = 10

/** A stream that passes everything on, hashed and counted. */
function tap(
  hash: Hash,
  onBytes: OnBytes = () => undefined,
): { readonly stream: Transform; readonly bytes: () => number } {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
  return { stream, bytes: () => bytes }
}
