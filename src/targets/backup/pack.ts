/** Takes the content of one member into its file of a set, and out of it again. For a child process. */
import { createHash } from 'node:crypto'
import { createReadStream, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf, OperationalError } from '../../errors.ts'
import { codeOf } from '../sqlite/database-error.ts'
import { decryptFile, encryptFile } from './encryption.ts'
import { type FileFacts, factsOfFile, gunzipFile, gzipFile, type OnBytes } from './gzip.ts'
import type { Inspection, Inspector } from './inspector.ts'
import type { Member, TableFacts } from './manifest.ts'

/** What is known of a member before it is packed. */
export type Packable = Pick<Member, 'name' | 'is' | 'restoredAs'>

export interface Packed {
  readonly member: Member
  /** SQLite's own check found nothing in the restored copy. */
  readonly isSound: boolean
}

/**
 * Packs the plain file and removes it, then restores it from what was packed: the file must be the same byte by byte, and the
 * rows that the manifest tells are those of the restored copy. All before it is encrypted, since afterwards only the owner of
 * the private key could do so; what is not sound is not encrypted, but thrown as DATABASE_CORRUPT.
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
  inspector: Inspector,
): Promise<Packed> {
  const isEncrypted = to.recipients.length > 0
  const file = `${member.restoredAs}.gz${isEncrypted ? '.age' : ''}`
  const zipped = join(isEncrypted ? to.scratch : to.folder, `${member.restoredAs}.gz`)
  const facts = await gzipFile(plain, zipped, to.onBytes)
  rmSync(plain)
  const restored = join(to.scratch, 'unpacked')
  await unzipped(zipped, restored, { file, ...facts.plain }, { isDurable: false, onBytes: to.onBytes })
  const { tables, problem } = await inspected(restored, member, null, inspector)
  rmSync(restored)
  const packed: Member = {
    ...member,
    file,
    ...facts.stored,
    plainBytes: facts.plain.bytes,
    plainSha256: facts.plain.sha256,
    tables,
  }
  if (!isEncrypted) return { member: packed, isSound: problem === undefined }
  if (problem !== undefined) throw problem
  const encrypted = join(to.folder, file)
  await encryptFile(zipped, encrypted, to.recipients)
  rmSync(zipped)
  return { member: { ...packed, ...(await factsOfFile(encrypted)) }, isSound: true }
}

/** Says of a member's file what is wrong with its bytes; undefined when nothing is. */
export async function byteProblem(member: Member, path: string, onBytes: OnBytes): Promise<string | undefined> {
  try {
    const { bytes, sha256 } = await factsOfFile(path, onBytes)
    if (bytes !== member.bytes) return `${member.file} has ${bytes} bytes, not the ${member.bytes} that were written`
    return sha256 === member.sha256 ? undefined : `${member.file} holds other bytes than were written`
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return `${member.file} is missing`
    throw error
  }
}

/**
 * Unpacks a member into the plain file `to` and compares bytes, rows and hashes with what the manifest says. Throws
 * BACKUP_DAMAGED, BACKUP_KEY_NEEDED, and DATABASE_CORRUPT where SQLite's own check finds something.
 */
export async function unpackMember(
  member: Member,
  at: {
    readonly from: string
    readonly to: string
    readonly scratch: string
    readonly identities: readonly string[]
    /** Whether it is on the disk when this returns. */
    readonly isDurable: boolean
    readonly onBytes: OnBytes
  },
  inspector: Inspector,
): Promise<void> {
  let zipped = at.from
  if (zipped.endsWith('.age')) {
    zipped = join(at.scratch, `${basename(at.from)}.decrypted`)
    await decryptFile(at.from, zipped, at.identities)
  }
  try {
    const { file, plainBytes: bytes, plainSha256: sha256 } = member
    await unzipped(zipped, at.to, { file, bytes, sha256 }, at)
  } finally {
    if (zipped !== at.from) rmSync(zipped, { force: true })
  }
  const { tables, problem } = await inspected(at.to, member, member.tables, inspector)
  if (problem !== undefined) throw problem
  compareTables(member, tables)
}

/** Throws BACKUP_DAMAGED where something else comes out than was packed. */
async function unzipped(
  from: string,
  to: string,
  { file, bytes, sha256 }: FileFacts & { readonly file: string },
  how: { readonly isDurable: boolean; readonly onBytes: OnBytes },
): Promise<void> {
  let found: FileFacts
  try {
    found = await gunzipFile(from, to, how)
  } catch (error) {
    if (codeOf(error)?.startsWith('Z_') === true)
      throw new OperationalError('BACKUP_DAMAGED', `${file} cannot be unpacked: ${messageOf(error)}`)
    throw error
  }
  if (found.bytes !== bytes || found.sha256 !== sha256)
    throw new OperationalError('BACKUP_DAMAGED', `${file} unpacks to something else than was packed`)
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

async function inspected(
  plain: string,
  { is, name }: Packable,
  known: TableFacts[] | null,
  inspector: Inspector,
): Promise<Inspection> {
  if (is === 'database' || is === 'own-database') return inspector.inspect(plain, name, known)
  if (is !== 'airtable-table') return { tables: [], problem: undefined }
  const hash = createHash('sha256')
  let rows = 0
  for await (const chunk of createReadStream(plain)) {
    if (!(chunk instanceof Uint8Array)) continue
    hash.update(chunk)
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, at + 1)) rows += 1
  }
  return { tables: [{ name, rows, sha256: hash.digest('hex') }], problem: undefined }
}

const lineEnd = 10
