import type { ApplyOutcome } from '../api/ports.ts'
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import { converge, createEngine } from '../engine/engine.ts'
import { planIdOf } from '../engine/planner.ts'
import { viewOf } from '../engine/view.ts'
import type { Workspace } from './workspace.ts'

/** What a desired state would lead to, looked up on the real world without changing it. */
export async function preview(
  state: DesiredState,
  workspace: Workspace,
  clock: Clock,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const { journal, kinds } = workspace
  const { random, log } = workspace.engine.ports()
  const engine = createEngine({ journal, kinds, clock, random, log, lease: undefined })
  const generation = workspace.generations.inForce().number + 1
  engine.declare(generation, state)
  await converge(engine, { keys: undefined, actor: 'preview', signal })
  const views = engine.statuses.all().map(viewOf)
  const actions = views.flatMap((view) => view.actions)
  return {
    is: 'accepted',
    generation,
    drift: views.flatMap((view) => view.drift),
    plan: { id: planIdOf(actions, generation), generation, observedAtMs: clock.nowMs(), actions },
  }
}
