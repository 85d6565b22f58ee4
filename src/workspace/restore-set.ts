/** Restores sets: into a folder, where nobody works on it yet, or as an ask to change a database in place. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { RestoreAsked, RestoreRequest, SetChoice } from '../api/backup-port.ts'
import { personTableOf } from '../desired/person-tables.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { GatedAction } from '../engine/status.ts'
import { inBytes, type ReportProgress } from '../engine/work-book.ts'
import { OperationalError } from '../errors.ts'
import { shortHashOf } from '../json.ts'
import {
  type BackupSet,
  type BackupState,
  backupKindName,
  makeScratch,
  noteAsk,
  type RestoreAsk,
  setsOf,
  stagingFolder,
  verifySet,
} from '../kinds/backup/index.ts'
import { parseSetId } from '../targets/backup/manifest.ts'
import { targetError } from '../targets/backup/sets.ts'
import { downloadSet, remoteOf } from '../targets/backup/shelf.ts'
import { syncFolder } from '../targets/durable-files.ts'
import { entryUrl } from '../targets/process/entry-url.ts'
import { personPlacesOf } from './erasure.ts'
import { databasePathOf } from './paths.ts'
import { type RestoreOrder, type RestoreReply, restoreReplySchema } from './restore-entry.ts'
import { type ChosenSet, setAt } from './set-at.ts'
import type { Workspace } from './workspace.ts'

const deadlineMs = 3_600_000

export interface RestoreContext {
  readonly signal: AbortSignal
  readonly progress?: ReportProgress
}

/** Asks the stores which sets they hold by now: a workspace that was begun anew knows of none. */
export async function refreshSets(
  workspace: Pick<Workspace, 'backups' | 'generations'>,
  context: RestoreContext,
): Promise<void> {
  const { backups, generations } = workspace
  const stores = backups.list(generations.inForce().state).filter(({ spec }) => spec.to.some(({ s3 }) => s3 !== null))
  for (const { spec } of stores) await backups.refreshSets(spec, context)
}

/** The set of that id with the folder to read it from: one in which it is sound, where there is one. Throws NOT_FOUND. */
export function findSet(
  { backups, generations }: Pick<Workspace, 'backups' | 'generations'>,
  id: string,
): { readonly set: BackupSet; readonly backup: string; readonly path: string } {
  for (const { spec } of backups.list(generations.inForce().state)) {
    const set = setsOf(spec).find((one) => one.id === id)
    if (set === undefined) continue
    // What lies here is read sooner than what has to be fetched.
    const folders = [...set.folders].sort((one, other) => Number(isShelf(one)) - Number(isShelf(other)))
    const folder = folders.find((one) => !set.damagedIn.includes(one)) ?? folders[0]
    if (folder !== undefined) return { set, backup: spec.name, path: join(folder, id) }
  }
  throw new OperationalError('NOT_FOUND', `there is no set ${id}`, { hint: 'List them with `trueup backup list`.' })
}

/**
 * The set that a restore takes, named or of a moment, and its path as {@link findSet} gives it.
 * @param member what the set must hold, where it is one of a moment; null for whole sets
 * Throws NOT_FOUND; USAGE where several backups could be meant.
 */
export function chooseSet(
  workspace: Pick<Workspace, 'backups' | 'generations'>,
  choice: SetChoice,
  member: string | null,
): { readonly chosen: ChosenSet; readonly backup: string; readonly path: string } {
  if ('atMs' in choice) {
    const chosen = setAt(workspace, choice, member)
    const { backup, path } = findSet(workspace, chosen.id)
    return { chosen, backup, path }
  }
  const { set, backup, path } = findSet(workspace, choice.id)
  return { chosen: { id: set.id, createdAtMs: set.createdAtMs, olderMs: null }, backup, path }
}

/** Verifies a set in every folder that it is in, and notes it. Throws NOT_FOUND, BACKUP_KEY_NEEDED. */
export async function verifyWith(
  workspace: Workspace,
  { id, identities }: { readonly id: string; readonly identities: readonly string[] },
  { signal, progress = () => undefined }: RestoreContext,
): Promise<{
  readonly verified: boolean
  readonly how: 'restored' | 'without-key'
  readonly problems: readonly string[]
}> {
  await refreshSets(workspace, { signal })
  const { set } = findSet(workspace, id)
  const { how, problems } = await verifySet(id, set.folders, { identities, isProved: false }, workspace, {
    signal,
    progress,
  })
  return { verified: problems.length === 0, how, problems }
}

/**
 * Restores a set into a folder that is not there yet, or is empty; all of it, or nothing. Throws USAGE, BACKUP_*, DISK_FULL.
 * @param path the folder of the set
 */
export async function restoreInto(
  workspace: Workspace,
  request: { readonly path: string; readonly into: string; readonly identities: readonly string[] },
  context: RestoreContext,
): Promise<RestoreReply> {
  const into = resolve(request.into)
  if (existsSync(into) && readdirSync(into).length > 0)
    throw new OperationalError('USAGE', `${into} is not empty`, { hint: 'Name a folder that is not there yet.' })
  const part = join(dirname(into), `.${basename(into)}.part`)
  try {
    rmSync(part, { recursive: true, force: true })
    mkdirSync(part, { recursive: true, mode: 0o700 })
    const reply = await unpack(workspace, { ...request, into: part, members: null }, context)
    syncFolder(part)
    renameSync(part, into)
    syncFolder(dirname(into))
    return reply
  } catch (error) {
    throw targetError(error, into)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

/** What restoring needs of a workspace. */
export type SetPlaces = Pick<
  Workspace,
  'backups' | 'generations' | 'offload' | 'suppressions' | 'directory' | 'ownFolder' | 'secrets' | 'clock'
>

/** Restores members of a set (null: all of them) into an empty folder. Throws BACKUP_*. */
export async function unpack(
  workspace: Omit<SetPlaces, 'backups'>,
  at: {
    readonly path: string
    readonly into: string
    readonly identities: readonly string[]
    readonly members: readonly string[] | null
  },
  context: RestoreContext,
): Promise<RestoreReply> {
  const { offload, suppressions, generations, directory, ownFolder } = workspace
  const shelf = dirname(at.path)
  if (isShelf(shelf)) {
    const scratch = makeScratch(ownFolder)
    try {
      const path = join(scratch, basename(at.path))
      await downloadSet(shelf, basename(at.path), path, workspace, context.signal)
      return await unpack(workspace, { ...at, path }, context)
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  }
  const { state } = generations.inForce()
  const erased = suppressions.marks()
  const databaseOf = (name: string) => state.tables[name]?.database ?? ''
  const order: RestoreOrder = {
    folder: at.path,
    into: at.into,
    identities: [...at.identities],
    members: at.members === null ? null : [...at.members],
    erased: erased === null ? null : { key: erased.key, marks: [...erased.marks] },
    places: personPlacesOf(state, directory).map((place) => ({ database: databaseOf(place.name), place })),
    mirrors: mirrorsOf(state),
  }
  const { signal, progress = () => undefined } = context
  const options = { signal, progress: inBytes(progress), deadlineMs }
  return restoreReplySchema.parse(await offload.process(entryUrl('./restore-entry', import.meta.url), order, options))
}

function isShelf(folder: string): boolean {
  return remoteOf(folder) !== undefined
}

function mirrorsOf({ tables }: DesiredState): RestoreOrder['mirrors'] {
  return Object.entries(tables).flatMap(([table, spec]) => {
    if (spec.airtable === undefined) return []
    const remote = Object.entries(spec.fields).flatMap(([name, { airtable }]) =>
      airtable === undefined ? [] : [[name, airtable.field] as const],
    )
    const { table: keysOf, fields: own } = personTableOf(table, spec)
    const { emails, linkedins, phones, person } = own
    const fields = {
      emails: [...emails],
      linkedins: [...linkedins],
      phones: phones.map((phone) => ({ ...phone })),
      person,
    }
    return [{ table, fields, remote: Object.fromEntries(remote), keysOf, remoteKey: spec.airtable.key }]
  })
}

/**
 * Asks for a restore in place: the set is restored beside the database, compared with it, and what would change becomes an
 * action of the backup, which waits for approval. Nothing is changed by asking. Throws USAGE, NOT_FOUND, BACKUP_*,
 * DATABASE_NOT_WRITABLE_BY_DECLARATION.
 */
export async function askRestore(
  workspace: Workspace,
  request: RestoreRequest & { readonly identities: readonly string[] },
  context: RestoreContext,
): Promise<RestoreAsked> {
  const { ownFolder, directory, engine, generations } = workspace
  await refreshSets(workspace, context)
  const { state } = generations.inForce()
  const { database } = request
  const { chosen, backup, path } = chooseSet(workspace, request.set, database)
  if (state.databases[database]?.manage === 'observe')
    throw new OperationalError('DATABASE_NOT_WRITABLE_BY_DECLARATION', `${database} is only observed`, {
      hint: 'Restore the set into a folder (--into DIR), or change `manage` in the desired state.',
    })
  const atMs = engine.ports().clock.nowMs()
  const ask: RestoreAsk = {
    id: shortHashOf({ ...request, identities: [], set: chosen.id, atMs }),
    setId: chosen.id,
    backup,
    database,
    path: databasePathOf(state, database, directory),
    tables: request.tables === null ? null : [...request.tables],
    keys: request.keys === null ? null : [...request.keys],
    by: request.actor,
    atMs,
    whole: null,
  }
  const staging = stagingFolder(ownFolder, ask.id)
  try {
    const { identities } = request
    const { files, withheld } = await unpack(
      workspace,
      { path, into: staging, identities, members: [database] },
      context,
    )
    const [file] = files
    if (file === undefined)
      throw new OperationalError('NOT_FOUND', `${chosen.id} holds no database ${database}`, {
        hint: `It is a set of ${parseSetId(chosen.id)?.backup ?? 'another backup'}; see \`backups.${backup}.of\`.`,
      })
    noteAsk(ownFolder, { ...ask, whole: { tables: file.tables, withheld } })
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return answerOf(workspace, ask, chosen, context)
}

/** Looks at the backup, so that the action is planned, and tells what it would do. */
async function answerOf(
  { engine }: Workspace,
  ask: RestoreAsk,
  { createdAtMs, olderMs }: ChosenSet,
  { signal }: RestoreContext,
): Promise<RestoreAsked> {
  const key = { kind: backupKindName, name: ask.backup }
  const runId = engine.newRunId()
  const result = await engine.reconcileNow(key, { runId, actor: ask.by, signal, full: true, only: new Set() })
  const observation = result.status.observation
  if (observation?.is === 'unreadable') throw observation.error
  const state = observation?.is === 'present' ? stateOf(observation.state) : undefined
  const restore = state?.restores.find((one) => one.ask.id === ask.id)
  if (restore?.comparison === undefined)
    throw new OperationalError('ACTION_FAILED', `the set cannot be compared: ${restore?.problem ?? 'the ask is gone'}`)
  const { counts, tables, passedOver, withheld, sample, preview } = restore.comparison
  if (tables.length === 0 && !restore.isGone)
    throw new OperationalError('USAGE', passedOver.map(({ table, reason }) => `${table}: ${reason}`).join('; '), {
      hint: 'Restore the set into a folder instead: `trueup backup restore ID --into DIR`.',
    })
  const action = result.status.actions.find((one) => isOf(one, ask))?.action
  const message = action?.summary ?? 'Nothing differs.'
  return {
    is: 'asked',
    id: ask.setId,
    createdAtMs,
    olderMs,
    actionId: action?.id ?? null,
    message,
    ...{ counts, tables, passedOver, withheld, sample, preview },
  }
}

function isOf({ action }: GatedAction, ask: RestoreAsk): boolean {
  return (
    (action.verb === 'restore' || action.verb === 'restore-file') &&
    action.resolves.some((path) => path.endsWith(ask.id))
  )
}

/** The engine knows no kind's state; this one is of the kind that was just looked at. */
export function stateOf(state: unknown): BackupState | undefined {
  return isBackupState(state) ? state : undefined
}

function isBackupState(state: unknown): state is BackupState {
  return typeof state === 'object' && state !== null && 'restores' in state && Array.isArray(state.restores)
}
