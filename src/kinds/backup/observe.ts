/** Looks at a backup: its sets in every folder, what is due, what may go, and what restores would change. Reads only. */
import type { EffectContext } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { lastMoment, nextMoment } from '../../engine/schedule.ts'
import { OperationalError } from '../../errors.ts'
import { folderProblem, listSets, type SetSeen } from '../../targets/backup/sets.ts'
import { ensureShelf, refreshShelf, remoteOf, shownPlace } from '../../targets/backup/shelf.ts'
import { freeBytesOf } from '../../targets/free-room.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { type AirtableRestoreState, airtableAsksOf } from './airtable-restore/ask.ts'
import { type LooksKept, lookedAirtable } from './airtable-restore/compare.ts'
import { asksOf, stagedCopy } from './asks.ts'
import type { CompareOrder } from './compare-entry.ts'
import { comparedWithNothing, isGone } from './gone-file.ts'
import type { BackupPorts } from './ports.ts'
import { comparisonSchema, type RestoreAsk, type RestoreState } from './restore-state.ts'
import { prunable } from './retention.ts'
import type { BackupSpec } from './spec.ts'
import { type BackupSet, type BackupState, evidenceOf, fingerprintOf } from './state.ts'

export async function observeBackup(
  { spec }: Declared<BackupSpec>,
  ports: BackupPorts,
  context: EffectContext,
  /** Whether the base is asked anew, and what was found the last time. */
  airtable: { readonly isFull: boolean; readonly kept: LooksKept },
): Promise<Observation<BackupState>> {
  const nowMs = ports.clock.nowMs()
  await refreshShelves(spec, ports, context)
  const places = spec.to.map(({ shown, folder }) => ({ shown, folder, reason: placeProblem(folder, ports) }))
  const full = new Set(places.flatMap(({ folder, reason }) => (reason === undefined ? [] : [shownPlace(folder)])))
  // A set is not missed where none can be made: else it would be due again and again.
  const sets = setsOf(spec).map((set) => ({ ...set, missingFrom: set.missingFrom.filter((place) => !full.has(place)) }))
  const sound = sets.filter(({ problems, createdAtMs }) => problems.length === 0 && createdAtMs <= nowMs)
  const restores: RestoreState[] = []
  for (const ask of asksOf(ports.ownFolder, spec.name, nowMs)) restores.push(await compared(ask, ports, context))
  const airtableRestores: AirtableRestoreState[] = []
  for (const ask of airtableAsksOf(ports.ownFolder, spec.name, nowMs))
    airtableRestores.push(await lookedAirtable(ask, airtable.isFull, airtable.kept, ports, context))
  const state: BackupState = {
    observedAtMs: nowMs,
    sets,
    newest: sound[0],
    newestVerified: sound.find(({ verified }) => verified !== undefined),
    dueAtMs: lastMoment(spec.schedule, nowMs),
    nextAtMs: nextMoment(spec.schedule, nowMs),
    unusable: places.flatMap(({ shown, reason }) => (reason === undefined ? [] : [{ place: shown, reason }])),
    prunable: prunable(
      sets
        .filter(({ problems }) => problems.length === 0)
        .map(({ id, createdAtMs, verified }) => ({ id, createdAtMs, isVerified: verified !== undefined })),
      spec.keep,
      nowMs,
    ),
    restores,
    airtableRestores,
    evidence: evidenceOf(sets),
  }
  return { is: 'present', state, fingerprint: fingerprintOf(state) }
}

/** What the stores hold by now, at the same time for all. */
export async function refreshShelves(
  { name, to }: BackupSpec,
  ports: Pick<BackupPorts, 'secrets' | 'clock'>,
  { signal }: Pick<EffectContext, 'signal'>,
): Promise<void> {
  await Promise.all(
    to.map(async ({ folder, s3 }) => {
      if (s3 === null) return
      ensureShelf(folder, s3)
      await refreshShelf(folder, name, ports, signal)
    }),
  )
}

/** The folders that sets can be written to. */
export function usableFolders({ to }: BackupSpec, ports: Pick<BackupPorts, 'freeMin'>): readonly string[] {
  return to.flatMap(({ folder }) => (placeProblem(folder, ports) === undefined ? [folder] : []))
}

/** Why no set is made in a place; a store tells itself when it is full. */
function placeProblem(folder: string, { freeMin }: Pick<BackupPorts, 'freeMin'>): string | undefined {
  const problem = folderProblem(folder)
  if (problem !== undefined || remoteOf(folder) !== undefined || freeBytesOf(folder) >= freeMin()) return problem
  // Without what is free just now, which would be news each time.
  return `its disk is nearly full: less than ${Math.floor(freeMin() / 1e6)} MB (policy.disk.freeMin) are free`
}

/** The sets of a backup over all its folders, newest first. */
export function setsOf(spec: BackupSpec): readonly BackupSet[] {
  const usable = spec.to.flatMap(({ folder }) => (folderProblem(folder) === undefined ? [folder] : []))
  const found = new Map<string, { folder: string; seen: SetSeen }[]>()
  for (const { folder } of spec.to) {
    for (const seen of listSets(folder, spec.name)) {
      const known = found.get(seen.id) ?? []
      found.set(seen.id, [...known, { folder, seen }])
    }
  }
  return [...found].map(([id, copies]) => joined(id, copies, usable)).sort(newestFirst)
}

function newestFirst(one: BackupSet, other: BackupSet): number {
  return other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1)
}

function joined(
  id: string,
  copies: readonly { folder: string; seen: SetSeen }[],
  usable: readonly string[],
): BackupSet {
  const manifest = copies.find(({ seen }) => seen.manifest !== undefined)?.seen.manifest
  const folders = copies.map(({ folder }) => folder)
  const notes = copies.flatMap(({ seen: { verified } }) => (verified === undefined ? [] : [verified]))
  const isVerified = notes.length === copies.length
  return {
    id,
    createdAtMs: manifest?.createdAtMs ?? 0,
    bytes: manifest?.members.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0,
    isEncrypted: manifest !== undefined && manifest.recipients !== null,
    holds: (manifest?.members ?? []).map(({ name }) => name),
    folders,
    missingFrom: usable.filter((folder) => !folders.includes(folder)).map(shownPlace),
    damagedIn: copies.flatMap(({ folder, seen: { problem } }) => (problem === undefined ? [] : [folder])),
    problems: copies.flatMap(({ folder, seen: { problem } }) =>
      problem === undefined ? [] : [`${shownPlace(folder)}/${id}: ${problem}`],
    ),
    verified: isVerified
      ? {
          atMs: Math.min(...notes.map(({ atMs }) => atMs)),
          how: notes.every(({ how }) => how === 'restored') ? 'restored' : 'without-key',
        }
      : undefined,
  }
}

/** What a restore would change now. */
async function compared(ask: RestoreAsk, ports: BackupPorts, context: EffectContext): Promise<RestoreState> {
  const rest = { isGone: isGone(ask.path), services: [] }
  if (rest.isGone) return comparedGone(ask, ports)
  try {
    const comparison = comparisonSchema.parse(await compareIn(ask, null, ports, context))
    return { ...rest, ask, evidence: comparison.evidence, comparison, problem: undefined }
  } catch (error) {
    if (!(error instanceof OperationalError) || context.signal.aborted) throw error
    // Its repair comes first, and whoever looks after the database must hear of it.
    if (error.code === 'DATABASE_CORRUPT') throw error
    return { ...rest, ask, evidence: '', comparison: undefined, problem: error.message }
  }
}

function comparedGone(ask: RestoreAsk, { users }: BackupPorts): RestoreState {
  const rest = { ask, isGone: true, services: users.namesOf(ask.database) }
  const comparison = comparedWithNothing(ask)
  const isPart = ask.tables !== null || ask.keys !== null
  if (comparison !== undefined && !isPart)
    return { ...rest, comparison, evidence: comparison.evidence, problem: undefined }
  const problem = `${ask.path} is gone; restore all of it first, without naming tables`
  return { ...rest, comparison: undefined, evidence: '', problem }
}

/** Runs the comparison in its thread; with `keep`, also keeps the changes. */
export async function compareIn(
  ask: RestoreAsk,
  keep: CompareOrder['keep'],
  ports: BackupPorts,
  context: EffectContext,
): Promise<unknown> {
  const { databases, offload, suppressions } = ports
  const erased = suppressions.marks()
  const at = await databases.locate(ask.path)
  try {
    const order: CompareOrder = {
      ask,
      place: at.path,
      copy: stagedCopy(ports.ownFolder, ask),
      erased: erased === null ? null : { key: erased.key, marks: [...erased.marks] },
      places: [...ports.places()],
      keep,
    }
    return await offload.thread(entryUrl('./compare-entry', import.meta.url), order, context)
  } catch (error) {
    throw toDatabaseError(error, ask.path)
  } finally {
    at.release()
  }
}
