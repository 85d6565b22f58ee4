/** What a restore of Airtable differs in, and what is to be done about it. */
import type { ActionDraft } from '../../../engine/action.ts'
import type { DriftDraft } from '../../../engine/drift.ts'
import { draftOf } from '../orders.ts'
import { countsText, figure, restorePath } from '../texts.ts'
import type { AirtableAsk, AirtableRestoreState } from './ask.ts'
import type { TablePlace } from './carry-out.ts'

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
