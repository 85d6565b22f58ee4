/** Carries out one action on a base: all of it and its webhook payloads, or nothing. */
import type { SandboxCore } from './core.ts'
import { refusals } from './http/refusal.ts'
import { RecordWriter } from './records/writer.ts'
import { type Actor, ChangeCollector } from './webhooks/change.ts'
import { publish } from './webhooks/publish.ts'

/** Runs `work` in one transaction. A refused record fails the whole request [R]. */
export function changeBase<T>(core: SandboxCore, baseId: string, actor: Actor, work: (writer: RecordWriter) => T): T {
  const run = core.database.transaction(() => {
    core.users.remember(actor.user)
    const changes = new ChangeCollector()
    const writer = new RecordWriter({
      baseId,
      catalog: core.catalog,
      records: core.records,
      users: core.users,
      random: core.random,
      actor,
      changes,
      nowMs: core.clock.nowMs(),
      recordsPerBaseMax: core.limits.limits.recordsPerBase,
    })
    const result = work(writer)
    const base = core.catalog.base(baseId)
    if (base === undefined) throw refusals.notFoundOrNotPermitted()
    publish(core, base, actor, changes)
    return result
  })
  try {
    return run.immediate()
  } catch (error) {
    core.catalog.forget()
    throw error
  }
}
