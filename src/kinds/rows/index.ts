/**
 * The kind behind what people and agents write through the API: no resource declares it and it never finds drift, but
 * each write is an action like any other, with journal, checkpoint and undo.
 */

import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { Applied, EffectContext, Kind } from '../../engine/kind.ts'
import { rowsOf } from '../../engine/undo-rows.ts'
import { invariant } from '../../errors.ts'
import type { Eraser, PersonFound } from '../../targets/erasure/eraser.ts'
import type { SuppressionStore } from '../../targets/erasure/suppressions.ts'
import type { Change, ChangeSets, ChangeTarget, Databases } from '../../targets/sqlite/ports.ts'
import { nothingToUndo } from '../undone-set.ts'

export interface RowsKind extends Kind {
  /** Hands over the exact changes of an action that is about to be executed; they go to its checkpoint, never to the journal. */
  offer(actionId: string, target: ChangeTarget, changes: readonly Change[]): void
  /** Hands over what an erasure that is about to be executed is to remove; it is kept in memory only. */
  offerErasure(actionId: string, found: PersonFound): void
  /** Takes back an offer that was not executed. */
  withdraw(actionId: string): void
}

export const rowsKindName = 'rows'
/** The verb of an erasure: it cannot be undone, and what remains of it is the suppression. */
export const eraseVerb = 'erase'

/** All that an erasure journals: nothing of the person but the reason, which was checked not to name them. */
export const eraseInputSchema = z.object({
  table: z.string(),
  database: z.string(),
  reason: z.string(),
  nonce: z.string(),
})

interface Offer {
  readonly target: ChangeTarget
  readonly changes: readonly Change[]
}

export interface RowsPorts {
  readonly changeSets: ChangeSets
  readonly databases: Databases
  readonly eraser: Eraser
  readonly suppressions: Pick<SuppressionStore, 'work'>
}

export function rowsKind(ports: RowsPorts): RowsKind {
  const { changeSets, databases, eraser, suppressions } = ports
  const offers = new Map<string, Offer>()
  const erasures = new Map<string, PersonFound>()
  const erase = async (action: Action, context: EffectContext): Promise<Applied> => {
    const { table, reason } = eraseInputSchema.parse(action.input)
    const suppression = { table, reason, by: action.requestedBy ?? 'controller', atMs: action.plannedAtMs }
    const request = { id: action.id, found: erasures.get(action.id), suppression }
    const { rows } = await eraser.erase(request, context.signal)
    return { changed: rows.reduce((sum, { count }) => sum + count, 0), skipped: [], skippedCount: 0, failed: [] }
  }
  const probeErasure = (id: string) => {
    const work = suppressions.work(id)
    return work === undefined ? 'not-applied' : work.isDone ? 'applied' : 'partly'
  }
  return {
    name: rowsKindName,
    category: 'data',
    offer: (actionId, target, changes) => offers.set(actionId, { target, changes }),
    offerErasure: (actionId, found) => erasures.set(actionId, found),
    withdraw(actionId) {
      offers.delete(actionId)
      erasures.delete(actionId)
    },
    list: () => [],
    observe: async () => ({ is: 'absent' }),
    diff: () => [],
    plan: () => [],
    health: () => [],
    describe: () => 'written through the API',
    async checkpoint(action) {
      if (action.verb === eraseVerb) {
        const found = erasures.get(action.id)
        invariant(found !== undefined, `what ${action.id} erases was offered before it was executed`)
        return { evidence: await eraser.evidence(found), images: 0 }
      }
      if (action.undoes !== undefined) {
        const reversed = await changeSets.reverse(action.undoes, action.id, databases, rowsOf(action))
        return { evidence: reversed.fingerprint, images: reversed.count }
      }
      const offer = offers.get(action.id)
      invariant(offer !== undefined, `the changes of ${action.id} were offered before it was executed`)
      const writer = changeSets.begin(action.id, offer.target)
      for (const change of offer.changes) writer.add(change)
      const kept = writer.finish()
      offers.delete(action.id)
      return { evidence: kept.fingerprint, images: kept.count }
    },
    apply: (action, context) =>
      action.verb === eraseVerb ? erase(action, context) : changeSets.apply(action.id, databases, context),
    probe: async (action) =>
      action.verb === eraseVerb ? probeErasure(action.id) : changeSets.probe(action.id, databases),
    async planUndo(action, _context, rows) {
      if (action.verb === eraseVerb) {
        const reason = 'an erasure is for good: nothing of the person was kept; only the suppression can be lifted'
        return { is: 'not-undoable', reason }
      }
      if (changeSets.summary(action.id) === undefined) return { is: 'expired' }
      const reversed = await changeSets.reverse(action.id, undefined, databases, rows)
      const { conflicts, rows: undone } = reversed
      return nothingToUndo(reversed) ?? { is: 'undo', draft: undoDraft(action, reversed), conflicts, rows: undone }
    },
  }
}

function undoDraft(action: Action, reversed: { readonly count: number; readonly fingerprint: string }): ActionDraft {
  return {
    verb: `undo-${action.verb}`,
    input: { undoes: action.id },
    summary: `take back: ${action.summary}`,
    risk: 'low',
    findings: [],
    precondition: reversed.fingerprint,
    affected: { count: reversed.count, sample: action.affected.sample },
    population: 0,
    preview: [],
    reversible: 'from-checkpoint',
    recovery: 'transactional',
    cost: action.cost,
    resolves: [],
    order: 0,
  }
}
