/** What is to be done about a backup. Pure. */
import { isoOf } from '../../clock.ts'
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { stopFindings } from '../../targets/sqlite/users.ts'
import { airtableDraft } from './airtable-restore/plan.ts'
import { restoredText } from './diff.ts'
import { draftOf } from './orders.ts'
import type { Comparison, RestoreState } from './restore-state.ts'
import type { BackupSpec } from './spec.ts'
import { asideText, type BackupState } from './state.ts'
import { countsText, figure, restorePath } from './texts.ts'

export function planBackup(
  { spec }: Declared<BackupSpec>,
  observation: Observation<BackupState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  const paths = new Set(drift.map(({ path }) => path))
  const { newest } = state
  return [
    ...(paths.has('schedule') ? [createDraft(spec, state, ['schedule'])] : []),
    // A new set is verified with its making.
    ...(paths.has('verified') && !paths.has('schedule') && newest !== undefined
      ? [
          draftOf(
            spec.name,
            { verb: 'verify', id: newest.id, folders: [...newest.folders] },
            {
              summary: `Verify ${newest.id}`,
              precondition: state.evidence,
              resolves: ['verified'],
              reversible: 'exact',
            },
          ),
        ]
      : []),
    ...(paths.has('retention') && !paths.has('schedule') ? [pruneDraft(spec, state)] : []),
    ...state.restores.flatMap((restore) => (paths.has(restorePath(restore.ask.id)) ? restoreDraft(restore) : [])),
    ...state.airtableRestores.flatMap((restore) =>
      paths.has(restorePath(restore.ask.id)) ? airtableDraft(restore) : [],
    ),
  ]
}

export function createDraft(
  spec: BackupSpec,
  state: Pick<BackupState, 'evidence'> & Partial<Pick<BackupState, 'dueAtMs'>>,
  resolves: readonly string[],
  before?: string,
): ActionDraft {
  const parts = [...spec.databases.map(({ name }) => name), ...(spec.airtable === null ? [] : ['airtable'])]
  const due = resolves.length === 0 || state.dueAtMs === undefined ? '' : `, due ${isoOf(state.dueAtMs)}`
  const ahead = before === undefined ? '' : `, before this: ${before}`
  return draftOf(
    spec.name,
    { verb: 'create', spec },
    {
      summary: `Make a set of ${spec.name} (${parts.join(', ')}) and verify it${due}${ahead}`,
      precondition: state.evidence,
      resolves,
      // What it adds takes nothing away, and a set is only ever removed by a prune or by a person.
      reversible: 'by-hand',
    },
  )
}

export function pruneDraft(spec: BackupSpec, { prunable, evidence, sets }: BackupState): ActionDraft {
  const folders = new Set(sets.filter(({ id }) => prunable.includes(id)).flatMap((set) => set.folders))
  return draftOf(
    spec.name,
    { verb: 'prune', ids: [...prunable], folders: [...folders] },
    {
      summary: `Put aside ${figure(prunable.length, 'set')} of ${spec.name} that ${prunable.length === 1 ? 'is' : 'are'} older than is kept`,
      findings: [{ code: 'goes-for-good', count: prunable.length, message: asideText }],
      precondition: evidence,
      affected: { count: prunable.length, sample: prunable.slice(0, 20) },
      resolves: ['retention'],
      reversible: 'exact',
    },
  )
}

function restoreDraft(restore: RestoreState): readonly ActionDraft[] {
  const { ask, comparison } = restore
  if (comparison === undefined) return []
  if (restore.isGone) return [fileDraft(restore, comparison)]
  const { counts, passedOver, withheld, preview, sample, population, evidence } = comparison
  const count = counts.added + counts.changed + counts.removed
  if (count === 0) return []
  return [
    draftOf(
      ask.backup,
      { verb: 'restore', ask },
      {
        summary: `Restore ${restoredText(ask)} from ${ask.setId}, as ${ask.by} asked: ${countsText(counts)}`,
        // Newer work of other programs goes with it, so a person has to say so.
        risk: 'high',
        findings: [
          ...(counts.removed === 0
            ? []
            : [
                {
                  code: 'removes-newer',
                  count: counts.removed,
                  message: 'records that the set does not have would go',
                },
              ]),
          ...withheldFindings(withheld),
          ...(passedOver.length === 0
            ? []
            : [
                {
                  code: 'passes-over',
                  count: passedOver.length,
                  message: passedOver.map(({ table, reason }) => `${table} stays as it is: ${reason}`).join('; '),
                },
              ]),
        ],
        precondition: evidence,
        affected: { count, sample },
        population,
        preview,
        reversible: 'from-checkpoint',
        recovery: 'transactional',
        cost: { bucket: `sqlite:${ask.database}`, tokens: 1 },
        resolves: [restorePath(ask.id)],
      },
    ),
  ]
}

function withheldFindings(count: number): ActionDraft['findings'] {
  return count === 0 ? [] : [{ code: 'withholds-erased', count, message: 'records of erased people stay away' }]
}

/** All of a database whose file is gone. */
function fileDraft({ ask, services }: RestoreState, comparison: Comparison): ActionDraft {
  const { counts, tables, withheld, evidence } = comparison
  return draftOf(
    ask.backup,
    { verb: 'restore-file', ask },
    {
      summary: `Put ${ask.database} back at ${ask.path}, whose file is gone, from ${ask.setId}, as ${ask.by} asked: ${figure(counts.added, 'record')} in ${figure(tables.length, 'table')}`,
      risk: 'high',
      findings: [...withheldFindings(withheld), ...stopFindings(services)],
      precondition: evidence,
      affected: { count: counts.added, sample: [] },
      reversible: 'from-checkpoint',
      cost: { bucket: `sqlite:${ask.database}`, tokens: 1 },
      resolves: [restorePath(ask.id)],
    },
  )
}
