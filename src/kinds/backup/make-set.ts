/**
 * Makes a set: copies of everything as of now, packed, in every folder, verified. Plain copies lie in a private folder of
 * the workspace, never where the sets go.
 */
import { constants, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Action } from '../../engine/action.ts'
import type { EffectContext } from '../../engine/kind.ts'
import { inBytes } from '../../engine/work-book.ts'
import { OperationalError } from '../../errors.ts'
import { checkRecipients } from '../../targets/backup/encryption.ts'
import { setIdOf } from '../../targets/backup/manifest.ts'
import { type PackOrder, type PackReply, type Part, packReplySchema } from '../../targets/backup/pack-entry.ts'
import {
  beginSet,
  forgetVerified,
  listSets,
  noteVerified,
  publishSet,
  readSet,
  setOfAction,
  targetError,
} from '../../targets/backup/sets.ts'
import { downloadSet, remoteOf, shownPlace, uploadSet } from '../../targets/backup/shelf.ts'
import { type VerifyOrder, type VerifyReply, verifyReplySchema } from '../../targets/backup/verify-entry.ts'
import { suppressionFiles } from '../../targets/erasure/suppressions.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { Place } from '../../targets/sqlite/ports.ts'
import { copyAirtable } from './airtable-copy.ts'
import { usableFolders } from './observe.ts'
import type { BackupPorts } from './ports.ts'
import { makeScratch } from './scratch.ts'
import type { BackupSpec } from './spec.ts'

/** A child process that packs, checks or restores is killed after so long. */
export const childDeadlineMs = 3_600_000

/** Tables of the journal that hold values of records and are made anew: they are left out of a set. */
const journalVolatile = ['previews', 'looks', 'events', 'memory'] as const

/** Makes the set of an action, or goes on with it: one that is in a folder already is not made again. */
export async function makeSet(
  action: Action,
  spec: BackupSpec,
  ports: BackupPorts,
  context: EffectContext,
): Promise<void> {
  const folders = usableFolders(spec, ports)
  if (folders.length === 0)
    throw new OperationalError('BACKUP_TARGET_UNUSABLE', `no place of ${spec.name} can be written`)
  const here = folders.filter((folder) => remoteOf(folder) === undefined)
  const there = folders.filter((folder) => remoteOf(folder) !== undefined)
  // Where sets go to stores alone, it is made and verified in a folder of Trueup's own first, and does not stay there.
  const outgoing = join(ports.ownFolder, 'outgoing')
  const base = here[0] ?? outgoing
  if (here.length === 0 && there.every((folder) => setOfAction(folder, spec.name, action.id)?.verified !== undefined))
    return
  if (base === outgoing) dropOthers(outgoing, spec.name, action.id)
  const isMissing = [base, ...here].every((folder) => setOfAction(folder, spec.name, action.id) === undefined)
  // Before it got its name it was restored. What an earlier try made is restored anew: a crash lies between.
  const isProved = isMissing && (await packInto(base, action, spec, ports, context))
  const made = [base, ...here]
    .map((folder) => setOfAction(folder, spec.name, action.id))
    .find((set) => set !== undefined)
  if (made?.manifest === undefined) throw new OperationalError('BACKUP_DAMAGED', 'the set is gone while it was made')
  for (const folder of here) {
    if (existsSync(join(folder, made.id))) continue
    const making = beginSet(folder, made.id)
    try {
      for (const { file } of made.manifest.members)
        copyFileSync(join(made.path, file), join(making, file), constants.COPYFILE_EXCL)
    } catch (error) {
      rmSync(making, { recursive: true, force: true })
      throw targetError(error, folder)
    }
    publishSet(folder, making, made.manifest)
  }
  const proof = { identities: [], isProved }
  const { how } = await verifySet(made.id, here.length === 0 ? [base] : here, proof, ports, context)
  const { path, manifest } = readSet(base, made.id)
  if (manifest === undefined) throw new OperationalError('BACKUP_DAMAGED', 'the set is gone while it was made')
  for (const folder of there) {
    // What is read back is byte by byte what was verified a moment ago.
    await uploadSet(path, manifest, folder, ports, context.signal)
    noteVerified(folder, readSet(folder, made.id), { atMs: ports.clock.nowMs(), how })
  }
  if (base === outgoing) rmSync(outgoing, { recursive: true, force: true })
}

/** What a crash left of other tries; their sets are made anew. */
function dropOthers(outgoing: string, backup: string, actionId: string): void {
  const own = setOfAction(outgoing, backup, actionId)?.id
  for (const { id, path } of listSets(outgoing, backup)) if (id !== own) rmSync(path, { recursive: true, force: true })
}

/** Makes it under its name; says whether all of it was restored and found sound before. */
async function packInto(
  folder: string,
  action: Action,
  spec: BackupSpec,
  ports: BackupPorts,
  context: EffectContext,
): Promise<boolean> {
  const recipients = await recipientsOf(spec, ports)
  const createdAtMs = ports.clock.nowMs()
  const id = setIdOf(spec.name, createdAtMs, action.id)
  const scratch = makeScratch(ports.ownFolder)
  const making = beginSet(folder, id)
  const places: Place[] = []
  try {
    const parts = [
      ...(await databaseParts(spec, ports, places)),
      ...(await ownParts(ports, places)),
      ...(spec.airtable === null ? [] : await copyAirtable(spec.airtable, { ...ports, scratch, ...context })),
    ]
    const order: PackOrder = { parts, scratch, folder: making, recipients: [...recipients] }
    const { members, isProved } = await packed(order, ports.offload, folder, context)
    publishSet(folder, making, {
      version: 1,
      id,
      backup: spec.name,
      actionId: action.id,
      createdAtMs,
      generation: ports.generation(),
      compression: 'gzip',
      recipients: recipients.length === 0 ? null : recipients.length,
      members,
    })
    return isProved
  } finally {
    for (const place of places) place.release()
    rmSync(scratch, { recursive: true, force: true })
    rmSync(making, { recursive: true, force: true })
  }
}

async function packed(
  order: PackOrder,
  offload: Offload,
  folder: string,
  { signal, progress }: EffectContext,
): Promise<PackReply> {
  try {
    const options = { signal, progress: inBytes(progress), deadlineMs: childDeadlineMs }
    const entry = entryUrl('../../targets/backup/pack-entry', import.meta.url)
    return packReplySchema.parse(await offload.process(entry, order, options))
  } catch (error) {
    const known = targetError(error, folder)
    throw known === error ? toDatabaseError(error, order.parts.map(({ path }) => path).join(', ')) : known
  }
}

/** Reads them at the moment that they are needed. Throws REFERENCE_UNRESOLVED, BACKUP_RECIPIENT_INVALID. */
async function recipientsOf({ encryptTo }: BackupSpec, { secrets }: BackupPorts): Promise<readonly string[]> {
  const found = await Promise.all(encryptTo.map((one) => (typeof one === 'string' ? one : secrets(one))))
  await checkRecipients(found)
  return found
}

async function databaseParts({ databases }: BackupSpec, ports: BackupPorts, places: Place[]): Promise<Part[]> {
  const parts: Part[] = []
  for (const { name, path } of databases) {
    const place = await ports.databases.locate(path)
    places.push(place)
    const part = { name, is: 'database' as const, restoredAs: `${name}.db` }
    parts.push({ ...part, path: place.path, emptied: [] })
  }
  return parts
}

/** What Trueup itself needs to go on: its record, the erased people, what people decided, and what was declared. No database's name begins with `_`. */
async function ownParts(ports: BackupPorts, places: Place[]): Promise<Part[]> {
  const { ownFolder, stateFile, headsPath, databases } = ports
  const { path, keyPath } = suppressionFiles(ownFolder)
  const parts: Part[] = []
  for (const { name, file, emptied } of [
    { name: 'journal', file: join(ownFolder, 'journal.db'), emptied: journalVolatile },
    { name: 'suppression', file: path, emptied: [] },
    ...ports.decisions.map((one) => ({ name: one.name, file: one.path, emptied: [] })),
  ]) {
    if (!existsSync(file)) continue
    const place = await databases.locate(file)
    places.push(place)
    parts.push({ name, is: 'own-database', restoredAs: `_${name}.db`, path: place.path, emptied: [...emptied] })
  }
  if (existsSync(keyPath))
    parts.push({ name: 'suppression key', is: 'file', restoredAs: '_suppression.key', path: keyPath, emptied: [] })
  // Without their key, which would let whoever has the set sign: a copy elsewhere is what heads are for.
  if (existsSync(headsPath))
    parts.push({ name: 'audit heads', is: 'file', restoredAs: '_audit.heads', path: headsPath, emptied: [] })
  const name = basename(stateFile)
  parts.push({ name: 'desired state', is: 'file', restoredAs: `_${name}`, path: stateFile, emptied: [] })
  return parts
}

/**
 * Verifies a set in each of the folders and notes it. Throws BACKUP_DAMAGED with all that is wrong; the set then counts as
 * not verified.
 */
export async function verifySet(
  id: string,
  folders: readonly string[],
  { identities, isProved }: { readonly identities: readonly string[]; readonly isProved: boolean },
  ports: Pick<BackupPorts, 'offload' | 'ownFolder' | 'clock' | 'secrets'>,
  context: Pick<EffectContext, 'signal' | 'progress'>,
): Promise<VerifyReply> {
  const replies: VerifyReply[] = []
  for (const folder of folders) {
    const set = readSet(folder, id)
    const scratch = makeScratch(ports.ownFolder)
    try {
      const isThere = remoteOf(folder) !== undefined
      const at = isThere ? join(scratch, 'fetched') : set.path
      if (isThere) await downloadSet(folder, id, at, ports, context.signal)
      const work = join(scratch, 'work')
      mkdirSync(work, { mode: 0o700 })
      const order: VerifyOrder = { folder: at, scratch: work, identities: [...identities], isProved }
      const options = { signal: context.signal, progress: inBytes(context.progress), deadlineMs: childDeadlineMs }
      const entry = entryUrl('../../targets/backup/verify-entry', import.meta.url)
      const reply = verifyReplySchema.parse(await ports.offload.process(entry, order, options))
      replies.push({ ...reply, problems: reply.problems.map((problem) => `${shownPlace(folder)}/${id}: ${problem}`) })
      // What was restored once and is unchanged by its bytes stays restored.
      const how = reply.how === 'without-key' && set.verified?.how === 'restored' ? 'restored' : reply.how
      if (reply.problems.length === 0) noteVerified(folder, set, { atMs: ports.clock.nowMs(), how })
      else forgetVerified(folder, id)
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  }
  return {
    how: replies.every(({ how }) => how === 'restored') ? 'restored' : 'without-key',
    problems: replies.flatMap(({ problems }) => problems),
  }
}
