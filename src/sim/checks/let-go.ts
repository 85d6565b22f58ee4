/** What is so soon after a declaration has let go what another one held, although nobody has done anything since. */
import { keyText } from '../../engine/resource.ts'
import type { Controller } from '../world/controller.ts'
import type { World } from '../world/world.ts'
import { standardEmail } from './standard.ts'

export function judgeLetGo(world: World, controller: Controller | undefined): void {
  const statuses = controller?.workspace.engine.statuses.all() ?? []
  for (const { declared, conditions } of statuses.filter(({ declared: { key } }) => !/sync|airtable/.test(key.kind)))
    if (conditions.some(({ reason, status }) => status === 'true' && (reason === 'ModeObserve' || reason === 'Window')))
      world.violate(
        'a changed policy is followed at once',
        `${keyText(declared.key)} is held by what is no longer declared`,
      )
  const standard = statuses.find(({ declared }) => declared.key.kind === 'standardization')
  const isReady = standard?.conditions.some(({ type, status }) => type === 'Ready' && status === 'true') === true
  if (!isReady || !world.declaration.standardizes) return
  const untidy = world.agent
    .prepare<[], { id: string; email: string | null }>('SELECT id, email FROM leads ORDER BY id')
    .all()
    .filter(({ email }) => email !== standardEmail(email))
  if (untidy.length > 0) world.violate('what is told as declared is so', `untidy: ${untidy.map(({ id }) => id).join()}`)
}

/** Repairs of what is told as declared that nothing holds: a look has found them and whoever looked has gone on. */
export function runnableNow(controller: Controller | undefined): ReadonlyMap<string, string> {
  const { statuses, work } = controller?.workspace.engine ?? {}
  const busy = new Set(work?.now().map(({ resource }) => resource))
  const ready = (statuses?.all() ?? []).filter(
    ({ declared, conditions }) =>
      !busy.has(keyText(declared.key)) && conditions.some(({ type, status }) => type === 'Ready' && status === 'true'),
  )
  return new Map(
    ready.flatMap(({ actions }) =>
      actions.flatMap(({ action, gate }) => (gate.runnable ? [[action.id, action.summary] as const] : [])),
    ),
  )
}

export function judgeLeftUndone(
  world: World,
  before: ReadonlyMap<string, string>,
  controller: Controller | undefined,
): void {
  const now = runnableNow(controller)
  for (const [id, summary] of before) if (now.has(id)) world.violate('what may run is begun soon', summary)
}
