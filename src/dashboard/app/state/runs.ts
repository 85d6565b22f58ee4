/** Actions of the journal by the run that carried them out. */
import type { JournaledAction } from '../api/shapes.ts'

export interface Run {
  readonly id: string | null
  readonly actions: readonly JournaledAction[]
}

/** Neighbours of one run belong together; the order of the journal stays. */
export function runsOf(actions: readonly JournaledAction[]): readonly Run[] {
  const runs: { id: string | null; actions: JournaledAction[] }[] = []
  for (const action of actions) {
    const last = runs.at(-1)
    if (last !== undefined && last.id === action.runId) last.actions.push(action)
    else runs.push({ id: action.runId, actions: [action] })
  }
  return runs
}
