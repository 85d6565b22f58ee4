/** What differs between a declared backup and the sets that are there. Pure. */
import { isoOf } from '../../clock.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { airtableDrift } from './airtable-restore/plan.ts'
import type { RestoreState } from './restore-state.ts'
import type { BackupSpec } from './spec.ts'
import { type BackupState, isDue } from './state.ts'
import { countsText, figure, restorePath } from './texts.ts'

export function differencesOf(
  { spec }: Declared<BackupSpec>,
  observation: Observation<BackupState>,
): readonly DriftDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  return [
    ...placeDrift(state),
    ...setDrift(state),
    ...scheduleDrift(spec, state),
    ...verifiedDrift(state),
    ...retentionDrift(spec, state),
    ...state.restores.map(restoreDrift),
    ...state.airtableRestores.map(airtableDrift),
  ]
}

function drift(
  path: string,
  severity: DriftDraft['severity'],
  message: string,
  rest: Pick<DriftDraft, 'desired' | 'observed'> & Partial<Pick<DriftDraft, 'byHand' | 'affected'>>,
): DriftDraft {
  return { path, severity, category: 'data', affected: { count: 0, sample: [] }, message, ...rest }
}

function placeDrift({ unusable }: BackupState): DriftDraft[] {
  return unusable.map(({ place, reason }) =>
    drift(`to.${place}`, 'high', `No set can be put into ${place}: ${reason}.`, {
      desired: 'can be written',
      observed: reason,
      byHand: place.startsWith('s3://')
        ? 'See that the store answers and lets these keys in; it is asked again at every look.'
        : 'Mount it, or give the user that runs Trueup the right to write there.',
    }),
  )
}

function setDrift({ sets }: BackupState): DriftDraft[] {
  return sets
    .filter(({ problems }) => problems.length > 0)
    .map(({ id, problems }) =>
      drift(`sets.${id}`, 'high', `A set is damaged: ${problems.join('; ')}.`, {
        desired: 'as it was written',
        observed: 'damaged',
        byHand: 'Look at the disk it lies on; then move the folder of the set away. It counts for nothing meanwhile.',
      }),
    )
}

function scheduleDrift({ name, to }: BackupSpec, state: BackupState): DriftDraft[] {
  const { newest, dueAtMs, unusable } = state
  // Where none can be written at all, that is said above and nothing can be made.
  if (!isDue(state) || unusable.length === to.length) return []
  const desired = dueAtMs === undefined ? 'a set' : `a set made after ${isoOf(dueAtMs)}`
  if (newest === undefined)
    return [drift('schedule', 'high', `There is no set of ${name} yet.`, { desired, observed: 'none' })]
  const message =
    newest.missingFrom.length > 0
      ? `The newest set of ${name} is not in ${newest.missingFrom.join(', ')}.`
      : `The newest set of ${name} is of ${isoOf(newest.createdAtMs)}, and one was due at ${isoOf(dueAtMs ?? 0)}.`
  return [drift('schedule', 'medium', message, { desired, observed: isoOf(newest.createdAtMs) })]
}

function verifiedDrift({ newest }: BackupState): DriftDraft[] {
  if (newest === undefined || newest.verified !== undefined) return []
  return [
    drift('verified', 'medium', `The newest set, ${newest.id}, is not verified.`, {
      desired: 'verified',
      observed: 'not verified',
    }),
  ]
}

function retentionDrift({ name }: BackupSpec, { prunable }: BackupState): DriftDraft[] {
  if (prunable.length === 0) return []
  return [
    drift(
      'retention',
      'low',
      `${figure(prunable.length, 'set')} of ${name} ${prunable.length === 1 ? 'is' : 'are'} older than is kept.`,
      {
        desired: 0,
        observed: prunable.length,
        affected: { count: prunable.length, sample: prunable.slice(0, 20) },
      },
    ),
  ]
}

function restoreDrift({ ask, comparison, problem, isGone }: RestoreState): DriftDraft {
  const what = `${ask.by} asked to restore ${restoredText(ask)} from ${ask.setId}`
  const [path, desired] = [restorePath(ask.id), ask.setId]
  if (comparison === undefined)
    return drift(path, 'medium', `${what}; what that would change cannot be told: ${problem}.`, {
      desired,
      observed: 'cannot be compared',
      byHand: 'Mend what the message names, or restore the set into a folder: `trueup backup restore ID --into DIR`.',
    })
  const { added, changed, removed } = comparison.counts
  if (isGone)
    return drift(path, 'medium', `${what}; its file is gone, and would come back with ${figure(added, 'record')}.`, {
      desired,
      observed: 'no file',
      affected: { count: added, sample: [] },
    })
  if (added + changed + removed === 0)
    return drift(path, 'low', `${what}; nothing differs.`, {
      desired,
      observed: 'the same',
      byHand: 'Nothing needs doing: what was asked lapses by itself.',
    })
  return drift(path, 'medium', `${what}: ${countsText(comparison.counts)}.`, {
    desired,
    observed: 'other values',
    affected: { count: added + changed + removed, sample: comparison.sample },
  })
}

export function restoredText({ database, tables, keys }: RestoreState['ask']): string {
  const where = tables === null ? database : `${tables.join(', ')} of ${database}`
  return keys === null ? where : `${figure(keys.length, 'record')} of ${where}`
}
