/** Compares a lead that both sides have, field by field. Pure. */
import { keyIn } from './adopt.ts'
import { addPush, type Comparison, cellMove, finish, moveOf, type Problem, unfitProblem } from './comparison.ts'
import { type CompareContext, type FieldView, identitiesOfViews } from './field-view.ts'
import { type Base, type FieldDecision, mergeField } from './merge-field.ts'
import { markOf } from './reading.ts'
import type { ConflictDraft } from './store/conflicts.ts'
import type { CellMove } from './store/moves.ts'
import type { Bounce, Pair } from './store/pair.ts'

/** From how many times turned back within {@link bounceSpanMs} a cell is left alone. */
export const bouncesMax = 3

export const bounceSpanMs = 3_600_000

export function compareFields(pair: Pair, views: readonly FieldView[], context: CompareContext): Comparison {
  const bases: Record<string, Base> = { ...pair.base }
  const push: Record<string, CellMove> = {}
  const pull: Record<string, CellMove> = {}
  const conflicts: ConflictDraft[] = []
  const problems: Problem[] = []
  for (const view of views) {
    const { field } = view.mapped
    const decision = decide(view, pair, context, () => identitiesOfViews(pair, views, context))
    const bounce = bounceProblem(decision, view, pair, context)
    if (bounce !== undefined) {
      problems.push(bounce)
      continue
    }
    switch (decision.is) {
      case 'settled':
        bases[field.name] = settledBase(view)
        break
      case 'push':
        addPush(push, view, decision, pair, problems)
        break
      case 'pull':
        pull[field.name] = cellMove(view, decision, 'local')
        break
      case 'conflict':
        conflicts.push(valueConflict(pair, view))
        break
      case 'unfit':
        problems.push(unfitProblem(pair, view, decision))
        break
    }
  }
  const writesKey = keyIn({ fields: pair.cells ?? {} }, context.mapping) !== pair.key
  const moves = [
    ...moveOf(pair, 'update-local', pull, false, context),
    ...moveOf(pair, 'update-remote', push, writesKey, context),
  ]
  return finish({ ...pair, base: bases }, moves, conflicts, problems)
}

function decide(
  view: FieldView,
  pair: Pair,
  context: CompareContext,
  identities: () => readonly string[],
): FieldDecision {
  const { field } = view.mapped
  return mergeField({
    field,
    base: view.base,
    local: view.local,
    remote: view.remote,
    same: view.same,
    localAtMs: pair.localAtMs ?? undefined,
    remoteAtMs: pair.remoteAtMs ?? undefined,
    better: () => context.judges.get(field.name)?.(view.local, view.remote),
    isAllowed: () => context.isAllowed(identities()),
  })
}

/** A side that keeps turning a cell back (an automation, another program) is left alone for a while and named. */
function bounceProblem(
  decision: FieldDecision,
  view: FieldView,
  pair: Pair,
  { nowMs }: CompareContext,
): Problem | undefined {
  if (decision.is !== 'push') return undefined
  const { name } = view.mapped.field
  const bounce: Bounce | undefined = pair.bounces[name]
  if (bounce === undefined || bounce.count < bouncesMax || nowMs - bounce.sinceMs > bounceSpanMs) return undefined
  if (bounce.value !== JSON.stringify(markOf(view.remote))) return undefined
  const message = `${name} is turned back each time it is written (${bounce.count} times within the hour)`
  return { code: 'bounce', key: pair.key, field: name, message }
}

function settledBase(view: FieldView): Base {
  return { local: markOf(view.local), remote: markOf(view.remote) }
}

function valueConflict(pair: Pair, { mapped, local, remote, base }: FieldView): ConflictDraft {
  return {
    key: pair.key,
    field: mapped.field.name,
    kind: 'values',
    local: markOf(local),
    remote: markOf(remote),
    base: base?.local ?? null,
    localAtMs: pair.localAtMs,
    remoteAtMs: pair.remoteAtMs,
  }
}
