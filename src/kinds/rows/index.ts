/**
 * The kind behind what people and agents write through the API: no resource declares it and it never finds drift, but
 * each write is an action like any other, with journal, checkpoint and undo.
 */

import type { Action, ActionDraft } from '../../engine/action.ts'
import type { Kind } from '../../engine/kind.ts'
import { invariant } from '../../errors.ts'
import type { Change, ChangeSets, ChangeTarget, Databases } from '../../targets/sqlite/ports.ts'

export interface RowsKind extends Kind {
  /** Hands over the exact changes of an action that is about to be executed; they go to its checkpoint, never to the journal. */
  offer(actionId: string, target: ChangeTarget, changes: readonly Change[]): void
  /** Takes back an offer that was not executed. */
  withdraw(actionId: string): void
}

export const rowsKindName = 'rows'

interface Offer {
  readonly target: ChangeTarget
  readonly changes: readonly Change[]
}

export function rowsKind(ports: { readonly changeSets: ChangeSets; readonly databases: Databases }): RowsKind {
  const { changeSets, databases } = ports
  const offers = new Map<string, Offer>()
  return {
    name: rowsKindName,
    category: 'data',
    offer: (actionId, target, changes) => offers.set(actionId, { target, changes }),
    withdraw: (actionId) => offers.delete(actionId),
    list: () => [],
    observe: async () => ({ is: 'absent' }),
    diff: () => [],
    plan: () => [],
    health: () => [],
    describe: () => 'written through the API',
    async checkpoint(action) {
      if (action.undoes !== undefined) {
        const reversed = await changeSets.reverse(action.undoes, action.id, databases)
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
    apply: (action, context) => changeSets.apply(action.id, databases, context),
    probe: (action) => changeSets.probe(action.id, databases),
    async planUndo(action) {
      if (changeSets.summary(action.id) === undefined)
        return { is: 'not-undoable', reason: 'its checkpoint has expired' }
      const reversed = await changeSets.reverse(action.id, undefined, databases)
      if (reversed.count === 0) return { is: 'not-undoable', reason: 'every record was changed since' }
      return { is: 'undo', draft: undoDraft(action, reversed), conflicts: reversed.conflicts }
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
