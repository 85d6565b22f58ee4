/** What a restore of Airtable differs in, what is to be done about it, and how it is taken back. */
import type { Action, ActionDraft } from '../../../engine/action.ts'
import type { DriftDraft } from '../../../engine/drift.ts'
import type { EffectContext, UndoPlan } from '../../../engine/kind.ts'
import { hashOf } from '../../../json.ts'
import { declarationOf } from '../../../targets/airtable/declaration.ts'
import { draftOf } from '../orders.ts'
import type { BackupPorts } from '../ports.ts'
import { countsText, figure, restorePath } from '../texts.ts'
import type { AirtableAsk, AirtableRestoreState } from './ask.ts'
import { currentOf, keptMoves, type TablePlace } from './carry-out.ts'
import { type RecordMove, reverseOf, standOf } from './moves.ts'

export function placeOf({ declaration, table, tableId, keyFieldId }: AirtableAsk): TablePlace {
  return { declaration, table, tableId, keyFieldId }
}

function restoredText({ keys, tableName }: AirtableAsk): string {
  return keys === null ? `${tableName} in Airtable` : `${figure(keys.length, 'record')} of ${tableName} in Airtable`
}

export function airtableDrift({ ask, comparison, problem }: AirtableRestoreState): DriftDraft {
  const what = `${ask.by} asked to restore ${restoredText(ask)} from ${ask.setId}`
  const common = { path: restorePath(ask.id), category: 'data', desired: ask.setId } as const
  if (comparison === undefined)
    return {
      ...common,
      severity: 'medium',
      message: `${what}; what that would change cannot be told: ${problem}.`,
      observed: 'cannot be compared',
      affected: { count: 0, sample: [] },
      byHand: 'Mend what the message names, or restore the set into a folder: `trueup backup restore ID --into DIR`.',
    }
  const count = countOf(comparison.counts)
  if (count === 0)
    return {
      ...common,
      severity: 'low',
      message: `${what}; nothing differs.`,
      observed: 'the same',
      affected: { count: 0, sample: [] },
      byHand: 'Nothing needs doing: what was asked lapses by itself.',
    }
  return {
    ...common,
    severity: 'medium',
    message: `${what}: ${countsText(comparison.counts)}.`,
    observed: 'other values',
    affected: { count, sample: comparison.sample },
  }
}

function countOf({ added, changed, removed }: { added: number; changed: number; removed: number }): number {
  return added + changed + removed
}

export function airtableDraft({ ask, comparison }: AirtableRestoreState): readonly ActionDraft[] {
  if (comparison === undefined) return []
  const { counts, left, madeChoices, passedOver, withheld, sample, preview, population, evidence } = comparison
  const count = countOf(counts)
  if (count === 0) return []
  const finding = (code: string, many: number, message: string) => (many === 0 ? [] : [{ code, count: many, message }])
  return [
    draftOf(
      ask.backup,
      { verb: 'restore-airtable', ask },
      {
        summary: `Restore ${restoredText(ask)} from ${ask.setId}, as ${ask.by} asked: ${countsText(counts)}`,
        // Newer work of people goes with it, so one of them has to say so.
        risk: 'high',
        findings: [
          ...finding(
            'new-record-ids',
            counts.added,
            'records come back with other record ids: links to them, comments and their history do not',
          ),
          ...finding('removes-newer', counts.removed, 'records that the set does not have would go'),
          ...finding('leaves-newer', left, 'records that the set does not have stay (--remove-others takes them away)'),
          ...finding('makes-choices', madeChoices, 'choices that select fields do not have any more are made again'),
          ...finding('withholds-erased', withheld, 'records of erased people stay away'),
          ...finding(
            'passes-over',
            passedOver.length,
            passedOver.map(({ table, reason }) => `${table} stays as it is: ${reason}`).join('; '),
          ),
        ],
        precondition: evidence,
        affected: { count, sample },
        population,
        preview,
        reversible: 'from-checkpoint',
        cost: { bucket: `airtable:${ask.declaration.base}`, tokens: Math.ceil(count / 10) },
        resolves: [restorePath(ask.id)],
      },
    ),
  ]
}

export interface Reversed {
  readonly moves: readonly RecordMove[]
  /** Keys of records that were changed since, and stay. */
  readonly conflicts: readonly string[]
  readonly evidence: string
}

/** What takes back a restore, by the records as they are now; undefined where what it wrote is not kept any more. */
export async function reversedMoves(
  actionId: string,
  place: TablePlace,
  { airtable, ownFolder }: BackupPorts,
  { signal }: Pick<EffectContext, 'signal'>,
): Promise<Reversed | undefined> {
  const kept = keptMoves(ownFolder, actionId)
  if (kept === undefined) return undefined
  const { base } = airtable.of(declarationOf(place.declaration))
  const now = await currentOf(kept, base, place, signal)
  const moves: RecordMove[] = []
  const conflicts: string[] = []
  for (const move of kept) {
    const stand = standOf(move, now(move))
    // Refused, left alone, or taken back already.
    if (stand === 'open') continue
    const reversed = stand === 'done' ? reverseOf(move, now(move), place.keyFieldId) : undefined
    if (reversed === undefined) conflicts.push(move.key)
    else moves.push(reversed)
  }
  return { moves, conflicts, evidence: hashOf(moves) }
}

export async function planAirtableUndo(
  action: Action,
  place: TablePlace,
  ports: BackupPorts,
  context: EffectContext,
): Promise<UndoPlan> {
  const reversed = await reversedMoves(action.id, place, ports, context)
  if (reversed === undefined) return { is: 'expired' }
  const { moves, conflicts, evidence } = reversed
  if (moves.length === 0)
    return {
      is: 'not-undoable',
      reason:
        conflicts.length === 0
          ? 'what it did was taken back already'
          : 'every record that it wrote was changed again or removed since',
    }
  const left = conflicts.length === 0 ? '' : `; ${conflicts.length} were changed since and stay`
  const draft = draftOf(
    action.resource.name,
    { verb: 'undo-restore-airtable', undoes: action.id, place },
    {
      summary: `take back: ${action.summary}${left}`,
      risk: action.risk,
      precondition: evidence,
      affected: { count: moves.length, sample: moves.slice(0, 20).map(({ key }) => key) },
      population: action.population,
      resolves: [],
      reversible: 'from-checkpoint',
      cost: { ...action.cost, tokens: Math.ceil(moves.length / 10) },
      order: 0,
    },
  )
  return { is: 'undo', draft, conflicts: conflicts.slice(0, 20) }
}
