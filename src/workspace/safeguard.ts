/**
 * Risky actions wait for a backup where `backups.*.before` says so: a verified set that is younger than the last write of
 * what the action touches, or one that is made now. It is a part of the action that it stands before, so that no other gate
 * is asked for it; where it cannot be made, the action is not begun.
 */
import { statSync } from 'node:fs'
import { isoOf } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { Action } from '../engine/action.ts'
import { severities } from '../engine/drift.ts'
import type { Engine } from '../engine/engine.ts'
import { type ExecuteContext, execute } from '../engine/executor.ts'
import { keyText } from '../engine/resource.ts'
import type { Safeguard } from '../engine/safeguard.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { type BackupKind, type BackupSpec, setsOf } from '../kinds/backup/index.ts'
import type { DatabaseSets, SetOfDatabase } from '../kinds/database/index.ts'
import { actionMarkOf, parseSetId } from '../targets/backup/manifest.ts'
import { askedAction, endUnfinished } from './carry-out.ts'
import { databasePathOf } from './paths.ts'

export interface SafeguardPorts {
  readonly backups: BackupKind
  /** The verified sets that hold a database. */
  readonly sets: DatabaseSets
  readonly state: () => DesiredState
  /** Folder of the desired state. */
  readonly workspace: string
  /** Made after this, since it asks it. */
  readonly engine: () => Engine
  /** Why a database, by its path, cannot be copied any more; undefined where it can. */
  readonly damaged: (path: string) => string | undefined
}

type DeclaredBackup = ReturnType<BackupKind['list']>[number]

/** What an action touches: a declared database, or what is in Airtable. */
type Touched = { readonly is: 'database'; readonly name: string; readonly path: string } | { readonly is: 'airtable' }

type Cover =
  | { readonly is: 'covered'; readonly id: string }
  | { readonly is: 'lacking'; readonly backup: DeclaredBackup; readonly message: string }

export function createSafeguard(ports: SafeguardPorts): Safeguard {
  const { backups, state, engine } = ports
  /** Undefined: nothing is asked for. */
  const coverOf = (action: Action): Cover | undefined => {
    // Nothing brings an erased person back, so another copy of them would only be one more.
    if (action.verb === 'erase') return undefined
    const touched = touchedBy(action, ports)
    if (touched === undefined) return undefined
    const asking = backups.list(state()).filter(({ spec }) => holds(spec, touched) && asksBefore(spec, action))
    // Of an action on a backup it is that one: it has its own lock already.
    const backup = asking.find(({ key }) => keyText(key) === keyText(action.resource)) ?? asking[0]
    if (backup === undefined) return undefined
    if (touched.is === 'airtable') return { is: 'lacking', backup, message: messageOfAirtable(backup.spec) }
    const [newest] = ports.sets.of(touched.name)
    if (newest !== undefined && newest.createdAtMs > lastWrittenMs(touched.path))
      return { is: 'covered', id: newest.id }
    return { is: 'lacking', backup, message: messageOfDatabase(backup.spec, touched.name, newest) }
  }

  return {
    ahead(action) {
      const cover = coverOf(action)
      return cover?.is === 'lacking' ? cover.message : undefined
    },
    async ensure(action, context) {
      const cover = coverOf(action)
      if (cover?.is !== 'lacking') return cover?.id
      const { backup } = cover
      const making = async () => {
        // Another action may have had it made while this one waited for its turn.
        const now = coverOf(action)
        return now?.is === 'lacking' ? makeFirst(action, backup, context) : now?.id
      }
      return keyText(backup.key) === keyText(action.resource) ? making() : engine().alone(backup.key, making)
    },
  }

  async function makeFirst(action: Action, declared: DeclaredBackup, context: ExecuteContext): Promise<string> {
    const { ledger, ports: portsOf } = engine()
    const { clock, log, lease, kindOf, deadlineMs, work } = portsOf()
    if (lease === undefined) throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
    const { key, spec } = declared
    const draft = backups.requestCreate(declared, `${keyText(action.resource)}, ${action.id}`)
    const create = askedAction({ key, draft, declared }, context.actor, engine())
    const by = { actor: context.actor, runId: context.runId, signal: context.signal }
    const options = { ledger, clock, log, lease, kindOf, deadlineMs, work }
    // Of its own backup the action itself is what was begun last, and what was before it has been ended.
    if (keyText(key) !== keyText(action.resource)) await endUnfinished(create, by, options)
    const known = ledger.record(create.id)?.state
    if (known === undefined || known === 'superseded') ledger.plan(create)
    const execution = await execute(create, by, options)
    context.signal.throwIfAborted()
    if (execution.is === 'succeeded') ledger.move('action.verified', create, by, { remaining: [] })
    const set = setsOf(spec).find(({ id }) => parseSetId(id)?.actionMark === actionMarkOf(create.id))
    if (execution.is === 'succeeded' && set?.verified !== undefined) return set.id
    const error = 'error' in execution ? execution.error : undefined
    const why = error === undefined ? 'it is not verified' : `${error.code}: ${messageOf(error)}`
    throw new OperationalError(
      'BACKUP_BEFORE_FAILED',
      `a set of ${spec.name} must be made and verified before it, and could not be (${why})`,
      { cause: error, hint: `${error?.hint ?? ''} The action was not begun; it is tried again by itself.`.trim() },
    )
  }
}

/** The pace that an action draws on names what it writes to. Undefined: nothing that a backup holds, or that still can be copied. */
function touchedBy({ cost }: Action, { state, workspace, damaged }: SafeguardPorts): Touched | undefined {
  if (cost.bucket.startsWith('airtable:')) return { is: 'airtable' }
  const [, name] = /^sqlite:(.+)$/.exec(cost.bucket) ?? []
  if (name === undefined || state().databases[name] === undefined) return undefined
  const path = databasePathOf(state(), name, workspace)
  // Of what is gone no copy can be made; of what is damaged the quarantine holds one.
  if (statSync(path, { throwIfNoEntry: false }) === undefined || damaged(path) !== undefined) return undefined
  return { is: 'database', name, path }
}

function asksBefore({ before }: BackupSpec, { risk }: Action): boolean {
  return before !== null && severities.indexOf(risk) >= severities.indexOf(before)
}

function holds(spec: BackupSpec, touched: Touched): boolean {
  return touched.is === 'airtable' ? spec.airtable !== null : spec.databases.some(({ name }) => name === touched.name)
}

/** By the times of its files. A checkpoint of SQLite counts as a write, which at worst has a set made too many. */
function lastWrittenMs(path: string): number {
  return Math.max(
    ...['', '-wal', '-journal'].map((suffix) => {
      const found = statSync(path + suffix, { throwIfNoEntry: false })
      return found === undefined || (suffix !== '' && found.size === 0) ? 0 : found.mtimeMs
    }),
  )
}

function messageOfDatabase({ name }: BackupSpec, database: string, newest: SetOfDatabase | undefined): string {
  const since =
    newest === undefined
      ? `no verified set holds ${database}`
      : `${database} was written after the last one, of ${isoOf(newest.createdAtMs)}`
  return `a set of ${name} is made and verified before it, since ${since}`
}

function messageOfAirtable({ name }: BackupSpec): string {
  return `a set of ${name} is made and verified before it, since nothing tells when Airtable was last changed`
}
