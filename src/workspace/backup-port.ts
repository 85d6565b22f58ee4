/** What the API and the command line ask of backups, answered by their kind and carried out by the engine. */
import { join } from 'node:path'
import type {
  BackupCreated,
  BackupHeld,
  BackupPort,
  BackupRefusal,
  BackupSetView,
  BackupView,
  RestoreAsked,
  SetChoice,
} from '../api/backup-port.ts'
import type { EffectContext } from '../engine/kind.ts'
import { type Declared, keyText, type ResourceKey } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import { type BackupSet, type BackupSpec, isDue, setsOf } from '../kinds/backup/index.ts'
import { type Figure, figure } from '../metrics/catalogue.ts'
import { actionMarkOf, parseSetId } from '../targets/backup/manifest.ts'
import { shownPlace } from '../targets/backup/shelf.ts'
import { carryOut } from './carry-out.ts'
import { askAirtableRestore } from './restore-airtable.ts'
import { askRestore, chooseSet, findSet, refreshSets, restoreInto, verifyWith } from './restore-set.ts'
import type { Workspace } from './workspace.ts'

export interface BackupPortOptions {
  readonly workspace: Workspace
  readonly signal: AbortSignal
  /** Called when a resource should be looked at. */
  readonly wake: (key: ResourceKey) => void
}

const full = { is: 'full' } as const

export function createBackupPort({ workspace, signal, wake }: BackupPortOptions): BackupPort {
  const { backups, generations } = workspace
  const declared = () => backups.list(generations.inForce().state)
  const quiet: EffectContext = { signal, progress: () => undefined }
  const { engine } = workspace
  const keyOf = (name: string): ResourceKey => ({ kind: backups.name, name })

  /** Has work that no action stands for told as under way. */
  const during = <Result>(
    key: ResourceKey,
    verb: string,
    title: string,
    work: (context: EffectContext) => Promise<Result>,
  ) =>
    engine.work.during({ runId: engine.newRunId(), resource: keyText(key), verb, title }, (progress) =>
      work({ signal, progress }),
    )

  const asked = (set: SetChoice, what: string, ask: (context: EffectContext) => Promise<RestoreAsked>) =>
    answered(async () => {
      // For who looks on; which set it is, the asking finds out.
      const backup = ('id' in set ? parseSetId(set.id)?.backup : set.backup) ?? declared()[0]?.key.name ?? ''
      const answer = await during(keyOf(backup), 'compare', `Compare ${what} with a set`, ask)
      wake(keyOf(findSet(workspace, answer.id).backup))
      return answer
    })

  async function viewOf(one: Declared<BackupSpec>): Promise<BackupView> {
    const observation = await backups.observe(one, full, quiet)
    const { spec } = one
    const state = observation.is === 'present' ? observation.state : undefined
    return {
      name: spec.name,
      summary: backups.describe(observation),
      of: [...spec.databases.map(({ name }) => name), ...(spec.airtable === null ? [] : ['airtable'])],
      schedule: spec.schedule.cron,
      timezone: spec.schedule.timezone,
      nextAtMs: state?.nextAtMs ?? null,
      due: state === undefined || isDue(state),
      places: spec.to.map(({ shown }) => ({
        place: shown,
        problem: state?.unusable.find(({ place }) => place === shown)?.reason ?? null,
      })),
      sets: (state?.sets ?? []).map(setViewOf),
    }
  }

  return {
    backups: () => Promise.all(declared().map(viewOf)),
    create: ({ name, actor }) =>
      answered(async (): Promise<BackupCreated | BackupHeld> => {
        const one = chosen(name, declared())
        const asked = { key: one.key, draft: backups.requestCreate(one), declared: one }
        const done = await carryOut(asked, backups, actor, workspace)
        wake(one.key)
        if (done.is === 'held') return done
        failWhereFailed(done.execution)
        const made = setsOf(one.spec).find(({ id }) => parseSetId(id)?.actionMark === actionMarkOf(done.actionId))
        if (made === undefined) throw new OperationalError('BACKUP_DAMAGED', 'the set that was made is gone')
        return { is: 'created', actionId: done.actionId, set: setViewOf(made) }
      }),
    verify: ({ id }) =>
      answered(async () => {
        const key = keyOf(findSet(workspace, id).backup)
        const checked = await during(key, 'verify', `Prove the set ${id}`, (context) =>
          verifyWith(workspace, { id, identities: [] }, context),
        )
        wake(key)
        return { is: 'verified' as const, id, ...checked }
      }),
    restore: (request) =>
      asked(request.set, request.database, (context) => askRestore(workspace, { ...request, identities: [] }, context)),
    restoreAirtable: (request) =>
      asked(request.set, `${request.table} in Airtable`, (context) =>
        askAirtableRestore(workspace, { ...request, identities: [] }, context),
      ),
    restoreIntoFolder: ({ set }) =>
      answered(async () => {
        await refreshSets(workspace, { signal })
        const { chosen, backup, path } = chooseSet(workspace, set, null)
        const { id } = chosen
        const into = join(workspace.directory, 'restored', id)
        const { files, withheld } = await during(keyOf(backup), 'restore', `Restore ${id} into a folder`, (context) =>
          restoreInto(workspace, { path, into, identities: [] }, context),
        )
        return { is: 'restored' as const, id, folder: into, files, withheld }
      }),
    prune: ({ name, actor }) =>
      answered(async () => {
        const one = chosen(name, declared())
        const wanted = await backups.requestPrune(one, quiet)
        if (wanted === undefined) return { is: 'pruned' as const, actionId: null, ids: [] }
        const done = await carryOut({ key: one.key, draft: wanted.draft, declared: one }, backups, actor, workspace)
        wake(one.key)
        if (done.is === 'held') return done
        failWhereFailed(done.execution)
        return { is: 'pruned' as const, actionId: done.actionId, ids: wanted.ids }
      }),
    figures: async () => figuresOf(await Promise.all(declared().map(viewOf))),
  }
}

function figuresOf(views: readonly BackupView[]): readonly Figure[] {
  return views.flatMap(({ name, sets }) => {
    const sound = sets.filter(({ problems }) => problems.length === 0)
    const moment = (set: BackupSetView | undefined) => (set === undefined ? undefined : set.createdAtMs / 1000)
    const verified = sound.find(({ verifiedAtMs }) => verifiedAtMs !== null)
    return [
      ...figure('backup_timestamp_seconds', moment(sound[0]), { backup: name }),
      ...figure('backup_verified_timestamp_seconds', moment(verified), { backup: name }),
      ...figure('backup_sets', sets.length, { backup: name }),
    ]
  })
}

/** The backup that is meant. Throws NOT_FOUND. */
function chosen(name: string | null, all: readonly Declared<BackupSpec>[]): Declared<BackupSpec> {
  const [only] = all
  if (only === undefined)
    throw new OperationalError('NOT_FOUND', 'no backup is declared', {
      hint: 'Declare one under `backups` in the desired state; see docs/backups.md.',
    })
  const found = name === null && all.length === 1 ? only : all.find(({ key }) => key.name === name)
  if (found !== undefined) return found
  const hint = `Declared are: ${all.map(({ key }) => key.name).join(', ')}.`
  if (name === null) throw new OperationalError('USAGE', 'several backups are declared: name one', { hint })
  throw new OperationalError('NOT_FOUND', `no backup is named ${name}`, { hint })
}

function failWhereFailed(execution: Extract<Awaited<ReturnType<typeof carryOut>>, { is: 'ended' }>['execution']): void {
  if (execution.is === 'stale') throw new OperationalError('ACTION_STALE', 'it changed this very moment; ask again')
  if (execution.is !== 'succeeded') throw execution.error
}

async function answered<Answer>(work: () => Promise<Answer>): Promise<Answer | BackupRefusal> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const { code, message } = error
    return code === 'NOT_FOUND' ? { is: 'not-found', message } : { is: 'refused', message, error }
  }
}

function setViewOf({ id, createdAtMs, bytes, isEncrypted, folders, problems, verified }: BackupSet): BackupSetView {
  return {
    id,
    createdAtMs,
    bytes,
    encrypted: isEncrypted,
    paths: folders.map((folder) => `${shownPlace(folder)}/${id}`),
    problems,
    verifiedAtMs: verified?.atMs ?? null,
    verifiedHow: verified?.how ?? null,
  }
}
