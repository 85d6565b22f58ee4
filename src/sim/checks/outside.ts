/** What is asked of Airtable and of the process table: by an action that was dispatched, at the pace, and no program twice. */
import { backoffFromMs, baseId, remoteTable } from '../world/declared.ts'
import type { World } from '../world/world.ts'
import type { ActionBook } from './record.ts'

const secondMs = 1000
/** Webhooks are made and kept alive by looks: they hold nothing and end by themselves. */
const writesRemote = /^(POST|PATCH|PUT|DELETE) (records|base)$/

export function watchOutside(world: World, actions: ActionBook): void {
  const arrivals: number[] = []
  const moments = new Set<string>()
  let doubled = 0

  world.arrived.push((line, atMs) => {
    arrivals.push(atMs)
    // A process that cannot share its permits goes on with half of them; right after it another may have all.
    const pace = world.declaration.pace + (world.sharesNoPermits ? Math.ceil(world.declaration.pace / 2) : 0)
    const from = arrivals[arrivals.length - 1 - pace]
    if (from !== undefined && atMs - from < secondMs)
      world.violate('calls to Airtable never exceed its pace', `${pace + 1} within ${atMs - from} ms`)
    if (writesRemote.test(line) && world.simulation.life?.isDead === false) {
      const kinds = line.endsWith('base') ? ['airtable-schema'] : ['sync']
      if (actions.underWay(kinds).length === 0)
        world.violate('no effect without a durable dispatched before it', `${line} in Airtable`)
    }
  })

  world.witnesses.push({
    before(effect) {
      if (effect.kind === 'process' && actions.underWay(['service', 'job']).length === 0)
        world.violate('no effect without a durable dispatched before it', effect.target)
    },
    after(effect) {
      if (effect.kind === 'airtable' && effect.target === 'PATCH records') judgeKeys(world)
      if (effect.kind === 'process' && world.programs.doubled.length > doubled) {
        doubled = world.programs.doubled.length
        world.violate('never two copies of a program', world.programs.doubled.at(-1) ?? '')
      }
    },
  })

  actions.onEntry(({ type }, seen) => {
    if (seen === undefined || type !== 'action.succeeded') return
    const { action } = seen
    if (seen.succeeded > 1) world.violate('an action takes effect once at most', action.summary)
    const moment = action.input.scheduledForMs
    if (action.verb !== 'run' || typeof moment !== 'number') return
    const name = `${action.resource.name} ${moment}`
    if (moments.has(name)) world.violate('no scheduled moment is run twice', name)
    moments.add(name)
  })
}

/** Two records with one key would be one lead twice. */
function judgeKeys({ sandbox, violate }: World): void {
  const seen = new Set<string>()
  for (const record of sandbox.control.colleague(baseId).records(remoteTable)) {
    const key = JSON.stringify(record).match(/"Lead ID":"([^"]+)"/)?.[1]
    if (key === undefined) continue
    if (seen.has(key)) violate('no lead stands twice in Airtable', key)
    seen.add(key)
  }
}

/** A program that failed is started again only after its pause, if nothing else changed meanwhile. */
export function watchPauses(world: World, actions: ActionBook): void {
  let counted = 0
  /** Ends and restarts that were dispatched: a program that ends by itself meanwhile did not fail, its end was wanted. */
  const wantedEnds = new Map<string, { readonly lockName: string; readonly fromMs: number; toMs: number }>()
  actions.onEntry(({ type, actionId }, seen) => {
    const nowMs = world.clock.monotonicMs()
    const { resource, verb } = seen?.action ?? {}
    if (type === 'action.dispatched' && resource?.kind === 'service' && (verb === 'end' || verb === 'restart'))
      wantedEnds.set(actionId, { lockName: `service-${resource.name}`, fromMs: nowMs, toMs: Number.POSITIVE_INFINITY })
    const wanted = wantedEnds.get(actionId)
    if (wanted !== undefined && type !== 'action.dispatched') wanted.toMs = Math.min(wanted.toMs, nowMs)
  })
  const isWanted = (lockName: string, atMs: number) =>
    [...wantedEnds.values()].some((end) => end.lockName === lockName && end.fromMs <= atMs && atMs <= end.toMs)
  world.witnesses.push({
    after(effect) {
      if (effect.kind !== 'process') return
      for (const { lockName, atMs } of world.programs.starts.slice(counted)) {
        const failedAtMs = world.programs.failures.get(lockName)
        if (failedAtMs !== undefined && !isWanted(lockName, failedAtMs) && atMs - failedAtMs < backoffFromMs * 0.85)
          world.violate(
            'a program that failed pauses before its next start',
            `${lockName} after ${atMs - failedAtMs} ms`,
          )
        world.programs.failures.delete(lockName)
      }
      counted = world.programs.starts.length
    },
  })
}
