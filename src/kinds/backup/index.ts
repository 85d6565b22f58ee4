/**
 * The kind `backup`: one resource per entry of `backups`. Sets are made when they are due, verified by restoring them, put
 * aside when they are older than is kept, and restored from when a person asks.
 */

import type { DesiredState } from '../../desired/schema.ts'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { EffectContext, Kind, UndoPlan } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import type { UndoRows } from '../../engine/undo-rows.ts'
import { OperationalError } from '../../errors.ts'
import { isAside } from '../../targets/backup/sets.ts'
import { stopFindings } from '../../targets/sqlite/users.ts'
import { nothingToUndo } from '../undone-set.ts'
import { airtableAsksOf } from './airtable-restore/ask.ts'
import type { LooksKept } from './airtable-restore/compare.ts'
import { placeOf } from './airtable-restore/plan.ts'
import { planAirtableUndo } from './airtable-restore/undo.ts'
import { applyBackup, asideEvidence, checkpointBackup, probeBackup } from './apply.ts'
import { askLapsesMs, asksOf } from './asks.ts'
import { differencesOf } from './diff.ts'
import { backupFigures } from './figures.ts'
import { placedBy } from './gone-file.ts'
import { backupHealth, describeBackup } from './health.ts'
import { observeBackup, refreshShelves, setsOf } from './observe.ts'
import { draftOf, orderOf } from './orders.ts'
import { createDraft, planBackup, pruneDraft } from './plan.ts'
import type { BackupPorts } from './ports.ts'
import type { RestoreAsk } from './restore-state.ts'
import { type BackupSpec, backupKindName, listBackups } from './spec.ts'
import { type BackupState, evidenceOf } from './state.ts'

export type { AirtableAsk, AirtableRestoreState } from './airtable-restore/ask.ts'
export { dropAllAsks, noteAsk, stagingFolder } from './asks.ts'
export { ageText } from './health.ts'
export { verifySet } from './make-set.ts'
export { setsOf } from './observe.ts'
export type { BackupPorts } from './ports.ts'
export type { RestoreAsk } from './restore-state.ts'
export { leftScratchIn, makeScratch } from './scratch.ts'
export { type BackupSpec, backupKindName, listBackups } from './spec.ts'
export { type BackupSet, type BackupState, isDue } from './state.ts'

export interface BackupKind extends Kind<BackupSpec, BackupState> {
  /** The action that makes a set now, because a person asks, or before the action of that summary. */
  requestCreate(declared: Declared<BackupSpec>, before?: string): ActionDraft
  /** Asks the stores of a backup which sets they hold by now. */
  refreshSets(spec: BackupSpec, context: Pick<EffectContext, 'signal'>): Promise<void>
  /** The action that puts aside what is older than is kept; undefined where nothing is. */
  requestPrune(
    declared: Declared<BackupSpec>,
    context: EffectContext,
  ): Promise<{ readonly draft: ActionDraft; readonly ids: readonly string[] } | undefined>
}

/** @param state the desired state in force. */
export function backupKind(ports: BackupPorts, state: () => DesiredState): BackupKind {
  const kept: LooksKept = new Map()
  const list = (desired: DesiredState) => listBackups(desired, ports.workspace)
  const specOf = (name: string) => list(state()).find(({ key }) => key.name === name)?.spec
  const looked = async (declared: Declared<BackupSpec>, context: EffectContext): Promise<BackupState> => {
    const observation = await observeBackup(declared, ports, context, { isFull: false, kept })
    if (observation.is === 'present') return observation.state
    throw new OperationalError('ACTION_FAILED', `${declared.key.name} cannot be looked at`)
  }
  return {
    name: backupKindName,
    category: 'data',
    list,
    observe: (resource, scope, context) =>
      observeBackup(resource, ports, context, { isFull: scope.is === 'full', kept }),
    diff: differencesOf,
    plan: planBackup,
    checkpoint: (action, context) => checkpointBackup(action, specOf, ports, context),
    apply: (action, context) => applyBackup(action, ports, context),
    probe: (action) => probeBackup(action, ports),
    planUndo: (action, context, rows) => planBackupUndo(action, ports, context, rows),
    lookAgainAfterMs: (resource, observation) => lookAgainAfterMs(resource, observation, ports),
    health: (_resource, observation) => backupHealth(observation),
    figures: ({ spec }, observation, nowMs) => backupFigures(spec.name, observation, nowMs),
    describe: describeBackup,
    requestCreate: ({ spec }, before) => createDraft(spec, { evidence: evidenceOf(setsOf(spec)) }, [], before),
    refreshSets: (spec, context) => refreshShelves(spec, ports, context),
    async requestPrune(declared, context) {
      const found = await looked(declared, context)
      const ids = found.prunable
      return ids.length === 0 ? undefined : { draft: pruneDraft(declared.spec, found), ids }
    },
  }
}

/** The next moment at which something about it changes by the clock alone. */
function lookAgainAfterMs(
  { spec }: Declared<BackupSpec>,
  observation: Observation<BackupState>,
  { ownFolder }: BackupPorts,
): number | undefined {
  if (observation.is !== 'present') return undefined
  const { observedAtMs, nextAtMs } = observation.state
  const asked = [...asksOf(ownFolder, spec.name, observedAtMs), ...airtableAsksOf(ownFolder, spec.name, observedAtMs)]
  const lapses = asked.map(({ atMs }) => atMs + askLapsesMs)
  const moments = [...(nextAtMs === undefined ? [] : [nextAtMs]), ...lapses]
  return moments.length === 0 ? undefined : Math.max(0, Math.min(...moments) - observedAtMs)
}

/** The file that was put back goes again, with what was written to it since, into the quarantine. */
function undoFile(action: Action, { database, path }: RestoreAsk, ports: BackupPorts): UndoPlan {
  const placed = placedBy(action.id, ports)
  if (placed === undefined) return { is: 'not-undoable', reason: `${path} is not the restored file any more` }
  const draft = draftOf(
    action.resource.name,
    { verb: 'take-away', undoes: action.id, database, path },
    {
      summary: `Take the restored ${path} away again, into .trueup/quarantine`,
      risk: 'high',
      findings: stopFindings(ports.users.namesOf(database)),
      precondition: placed.evidence,
      resolves: [],
      reversible: 'by-hand',
      cost: action.cost,
      order: 0,
    },
  )
  return { is: 'undo', draft, conflicts: placed.isWritten ? ['what was written since the restore'] : [] }
}

async function planBackupUndo(
  action: Action,
  ports: BackupPorts,
  context: EffectContext,
  rows: UndoRows | undefined,
): Promise<UndoPlan> {
  const { changeSets, databases } = ports
  const order = orderOf(action)
  const { name } = action.resource
  switch (order.verb) {
    case 'create':
      return { is: 'by-hand', steps: `a set takes nothing away; who does not want it removes its folder` }
    case 'verify':
      return { is: 'not-undoable', reason: 'that a set was verified changes nothing' }
    case 'prune': {
      const { ids, folders } = order
      const isGone = ids.some((id) => !folders.some((folder) => isAside(folder, id)))
      if (isGone) return { is: 'not-undoable', reason: 'it was more than 48 hours ago, and the sets are gone for good' }
      const draft = draftOf(
        name,
        { verb: 'take-back', ids, folders },
        {
          summary: `Take back ${ids.join(', ')}`,
          precondition: asideEvidence({ ids, folders }),
          resolves: [],
          reversible: 'exact',
        },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
    case 'take-back':
      return { is: 'not-undoable', reason: 'the next prune puts aside what is older than is kept' }
    case 'restore-file':
      return undoFile(action, order.ask, ports)
    case 'take-away':
      return { is: 'not-undoable', reason: `the file lies in .trueup/quarantine; ask for the restore again` }
    case 'restore-airtable':
      return planAirtableUndo(action, placeOf(order.ask), ports, context, rows)
    case 'undo-restore-airtable':
      return planAirtableUndo(action, order.place, ports, context, rows)
    case 'restore':
    case 'undo-restore': {
      if (changeSets.summary(action.id) === undefined) return { is: 'expired' }
      const { database, path } = order.verb === 'restore' ? order.ask : order
      const reversed = await changeSets.reverse(action.id, undefined, databases, rows)
      const nothing = nothingToUndo(reversed)
      if (nothing !== undefined) return nothing
      const draft = draftOf(
        name,
        { verb: 'undo-restore', undoes: action.id, database, path },
        {
          summary: `take back: ${action.summary}`,
          precondition: reversed.fingerprint,
          affected: { count: reversed.count, sample: action.affected.sample },
          resolves: [],
          reversible: 'from-checkpoint',
          recovery: 'transactional',
          cost: action.cost,
          order: 0,
        },
      )
      return { is: 'undo', draft, conflicts: reversed.conflicts, rows: reversed.rows }
    }
  }
}
