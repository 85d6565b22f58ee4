/** Turns the differences that may be mended into actions: one each, but all changes of columns in one rebuild. Pure. */
import type { ActionDraft } from '../../engine/action.ts'
import { differencesOf } from './differences.ts'
import type { Look } from './drafts.ts'
import { rebuildAction } from './rebuild-plan.ts'

/** The actions that mend the drift at these paths. */
export function planTable(look: Look, paths: readonly string[]): readonly ActionDraft[] {
  const wanted = new Set(paths)
  const differences = differencesOf(look).filter(({ draft }) => wanted.has(draft.path))
  const single = differences.flatMap(({ draft, repair }) =>
    repair?.is === 'action' ? [{ ...repair.draft, resolves: [draft.path] }] : [],
  )
  const changes = differences.flatMap(({ draft, repair }) =>
    repair?.is === 'change' ? [{ path: draft.path, change: repair.change }] : [],
  )
  const { table } = look.state
  const rebuild =
    table === undefined
      ? undefined
      : rebuildAction(
          { ...look, table },
          changes.map(({ change }) => change),
        )
  const joined = rebuild === undefined ? [] : [{ ...rebuild, resolves: changes.map(({ path }) => path) }]
  return [...single, ...joined].sort((left, right) => left.order - right.order)
}
