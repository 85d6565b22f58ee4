/**
 * A database file that is gone comes back whole out of a set, by one step that makes the name and that refuses where a file
 * came to be there; and is taken away again by undo. A crash at any moment leaves the name without a file or with a whole one.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { link, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import type { Applied, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { syncFolder, writeDurably } from '../../targets/durable-files.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import { codeOf, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { companions, copyDurably, identityOf, partOf, refuseWhileOpen } from '../../targets/sqlite/placing.ts'
import type { QuarantineOrder } from '../../targets/sqlite/salvage/quarantine-entry.ts'
import { dropAsk, findAsk, stagedCopy } from './asks.ts'
import type { Order } from './orders.ts'
import type { BackupPorts } from './ports.ts'
import type { Comparison, RestoreAsk } from './restore-state.ts'

type OrderOf<Verb extends Order['verb']> = Extract<Order, { verb: Verb }>

const changedOf = (database: string): Applied => ({
  ...{ changed: 1, skipped: [], skippedCount: 0, failed: [] },
  wakes: [{ kind: 'database', name: database }],
})
const childDeadlineMs = 3_600_000

/** Whether there is nothing of that name at all, not even a link that leads nowhere. */
export function isGone(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined
}

/** What an approval is bound to. */
export function goneEvidence(ask: Pick<RestoreAsk, 'id' | 'path'>): string {
  return isGone(ask.path) ? hashOf({ gone: ask.path, ask: ask.id }) : 'there is a file'
}

/** All records of the set, as a comparison with nothing. */
export function comparedWithNothing({ id, path, whole }: RestoreAsk): Comparison | undefined {
  if (whole === null) return undefined
  const rows = whole.tables.reduce((sum, table) => sum + table.rows, 0)
  return {
    evidence: goneEvidence({ id, path }),
    counts: { added: rows, changed: 0, removed: 0 },
    population: 0,
    tables: whole.tables.map((table) => ({ table: table.name, added: table.rows, changed: 0, removed: 0 })),
    passedOver: [],
    withheld: whole.withheld,
    sample: [],
    preview: [],
  }
}

const noteSchema = z.strictObject({
  path: z.string(),
  identity: z.string(),
  size: z.number(),
  modifiedAtMs: z.number(),
})
type Note = z.output<typeof noteSchema>

function notePath(ownFolder: string, actionId: string): string {
  return join(ownFolder, 'placed', `${actionId}.json`)
}

function readNote(ownFolder: string, actionId: string): Note | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(readFileSync(notePath(ownFolder, actionId), 'utf8'))).data
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Throws ACTION_STALE where a file came to be there, DATABASE_LOCKED while a program goes on with the deleted one. */
export async function restoreFile(
  action: Action,
  { ask }: OrderOf<'restore-file'>,
  ports: BackupPorts,
  context: EffectContext,
): Promise<Applied> {
  const { users, databases, ownFolder, programsNow } = ports
  const { path, database } = ask
  if (!isPlaced(action.id, path, ownFolder)) {
    const copy = stagedCopy(ownFolder, ask)
    await refuseWhileOpen(path, programsNow, (pid) => users.owns(database, pid))
    const how = { why: `the file of ${database} is restored`, again: true, signal: context.signal }
    await users.aside(database, how, async () => {
      await refuseWhileOpen(path, programsNow)
      await databases.leave(path)
      try {
        await placeWhereNone(action.id, copy, path, { ownFolder, keptAs: `${database}-gone-${ask.id}` })
      } catch (error) {
        throw toDatabaseError(error, path)
      }
    })
  }
  await rm(partOf(path), { force: true })
  dropAsk(ownFolder, ask.id)
  return changedOf(database)
}

function isPlaced(actionId: string, path: string, ownFolder: string): boolean {
  const note = readNote(ownFolder, actionId)
  return note !== undefined && note.identity === identityOf(path)
}

async function placeWhereNone(
  actionId: string,
  copy: string,
  path: string,
  { ownFolder, keptAs }: { readonly ownFolder: string; readonly keptAs: string },
): Promise<void> {
  const part = partOf(path)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  await copyDurably(copy, part, { mode: 0o600 })
  const { size, mtimeMs } = statSync(part)
  const note: Note = { path, identity: identityOf(part) ?? '', size, modifiedAtMs: mtimeMs }
  mkdirSync(join(ownFolder, 'placed'), { recursive: true, mode: 0o700 })
  writeDurably(notePath(ownFolder, actionId), JSON.stringify(note), 'w')
  refuseWhereThere(path)
  await putCompanionsAside(path, join(ownFolder, 'quarantine', keptAs))
  try {
    // Unlike a rename this never takes the place of a file.
    await link(part, path)
    await rm(part)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') refuseWhereThere(path)
    // A file system without links (FAT, some network ones).
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '')) throw error
    refuseWhereThere(path)
    await rename(part, path)
  }
  syncFolder(dirname(path))
}

function refuseWhereThere(path: string): void {
  if (!isGone(path))
    throw new OperationalError('ACTION_STALE', `a file came to be at ${path} meanwhile, and is left as it is`, {
      hint: 'Look at it; then ask again with `trueup backup restore`, which compares the set with it.',
    })
}

/** What the lost file left behind would be played back into the new one; it is kept, since nobody can make it again. */
async function putCompanionsAside(path: string, folder: string): Promise<void> {
  for (const suffix of companions) {
    if (isGone(path + suffix)) continue
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    await copyDurably(path + suffix, join(folder, `database${suffix}`), { mode: 0o600 })
    syncFolder(folder)
    await rm(path + suffix)
  }
}

export function probeFile(
  action: Action,
  { ask }: OrderOf<'restore-file'>,
  { ownFolder }: BackupPorts,
): 'applied' | 'partly' | 'not-applied' {
  if (!isPlaced(action.id, ask.path, ownFolder)) return 'not-applied'
  const isLeft = existsSync(partOf(ask.path)) || findAsk(ownFolder, ask.id) !== undefined
  return isLeft ? 'partly' : 'applied'
}

/** The file that an action put in place, where it is still there; with whether it was written since. */
export function placedBy(
  actionId: string,
  { ownFolder }: Pick<BackupPorts, 'ownFolder'>,
): { readonly path: string; readonly evidence: string; readonly isWritten: boolean } | undefined {
  const note = readNote(ownFolder, actionId)
  if (note === undefined || note.identity !== identityOf(note.path)) return undefined
  const { size, mtimeMs } = statSync(note.path)
  const isWal = statSync(`${note.path}-wal`, { throwIfNoEntry: false })
  const isWritten = size !== note.size || mtimeMs !== note.modifiedAtMs || (isWal?.size ?? 0) > 0
  return { path: note.path, evidence: `file ${note.identity}`, isWritten }
}

/** Takes the restored file away again; what it holds by now goes into the quarantine. */
export async function takeAway(
  order: OrderOf<'take-away'>,
  ports: BackupPorts,
  context: EffectContext,
): Promise<Applied> {
  const { users, databases, ownFolder, programsNow, offload, clock } = ports
  const { path, database, undoes } = order
  await refuseWhileOpen(path, programsNow, (pid) => users.owns(database, pid))
  const how = { why: `the restored file of ${database} is taken away`, again: false, signal: context.signal }
  await users.aside(database, how, async () => {
    await refuseWhileOpen(path, programsNow)
    await databases.leave(path)
    if (placedBy(undoes, ports) !== undefined) {
      const keep: QuarantineOrder = {
        path,
        folder: join(ownFolder, 'quarantine', `${database}-taken-away-${clock.nowMs()}`),
      }
      const entry = entryUrl('../../targets/sqlite/salvage/quarantine-entry', import.meta.url)
      await offload.process(entry, keep, { ...context, deadlineMs: childDeadlineMs })
      await rm(path, { force: true })
    }
    // The file of another program has companions of its own.
    if (isGone(path)) for (const suffix of companions) await rm(path + suffix, { force: true })
    syncFolder(dirname(path))
  })
  return changedOf(database)
}

export function probeTakeAway(
  { path, undoes }: OrderOf<'take-away'>,
  ports: BackupPorts,
): 'applied' | 'partly' | 'not-applied' {
  if (placedBy(undoes, ports) !== undefined) return 'not-applied'
  const isLeft = isGone(path) && companions.some((suffix) => !isGone(path + suffix))
  return isLeft ? 'partly' : 'applied'
}
